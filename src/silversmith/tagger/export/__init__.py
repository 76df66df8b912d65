"""A tagger in other forms: ONNX, 8-bit ONNX, a Hugging Face folder. (A spaCy pipeline: integrations.)"""
