"""SAE-NER: typed spans from the latents of a sparse autoencoder, with reasons that add up."""

from silversmith.sources.features.mapping import Mapping
from silversmith.sources.features.opening import open_features
from silversmith.sources.features.options import Options, make_options
from silversmith.sources.features.source import Features

__all__ = ["Features", "Mapping", "Options", "make_options", "open_features"]
