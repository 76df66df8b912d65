"""Tagger: students trained on silver, their losses, decoding, tagging and export.

train.train_tagger makes a tagger, opening.open_tagger opens one; both are imported from their modules, so
that reading an exported tagger never imports torch.
"""
