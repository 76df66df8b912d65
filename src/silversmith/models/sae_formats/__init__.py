"""Every public format of sparse autoencoders, read into one kernel (models.sae.SparseAutoencoder).

One file a family, `read(files, hints) -> Parts`; `detect` tells the family, `parts.fold` makes the kernel,
`convert` keeps it in a local cache, `names` and `registry` know what is public.
"""

from silversmith.models.sae_formats.convert import (
    add_sae,
    cache_folder,
    check_fit,
    convert,
    open_converted,
    open_sae,
    read_sae,
)
from silversmith.models.sae_formats.density import (
    Neuronpedia,
    measure_density,
    read_density,
    read_neuronpedia,
)
from silversmith.models.sae_formats.detect import FAMILIES, detect
from silversmith.models.sae_formats.names import resolve
from silversmith.models.sae_formats.parts import OFF_STREAM, Hints, flatten_states
from silversmith.models.sae_formats.registry import Entry, entries

__all__ = [
    "FAMILIES",
    "OFF_STREAM",
    "Entry",
    "Hints",
    "Neuronpedia",
    "add_sae",
    "cache_folder",
    "check_fit",
    "convert",
    "detect",
    "entries",
    "flatten_states",
    "measure_density",
    "open_converted",
    "open_sae",
    "read_density",
    "read_neuronpedia",
    "read_sae",
    "resolve",
]
