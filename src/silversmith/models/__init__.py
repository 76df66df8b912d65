"""Models: language models, sparse autoencoders in every public format, and the embedded model `mini`."""
