"""The datasets that ``dataset:`` in params.yaml names.

Sizes are of the download, as published. Terms are those of the data that a set is made of, which is named in
brackets. Where we know of no licence they are unknown; that does not permit any use.
"""

from dataclasses import dataclass

EFROS = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets"
CYCLEGAN = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets"


@dataclass(frozen=True)
class Dataset:
    """A row of the table.

    Attributes:
        layout: ``photos``, ``pairs``, ``videos`` or ``unpaired``; ``auto`` where it is found out.
        direction: of the published use, for pairs and sides: ``AtoB`` or ``BtoA``; ``-`` where there is none.
        size_gb: of the download, in GB; None where it is unknown.
        terms: the licence or terms of use, as far as known.
        address: where it is downloaded from, with ``http://``, ``torchvision://`` or ``kaggle://``; empty
            where nothing is downloaded.
    """

    layout: str
    direction: str
    size_gb: float | None
    terms: str
    address: str

    def summary(self) -> str:
        """Say in a line what is downloaded, on which terms, and how it is used."""
        size = "size unknown" if self.size_gb is None else f"{self.size_gb:g} GB"
        parts = [self.layout, size, f"licence or terms: {self.terms}", f"from {self.address}"]
        if self.layout in ("pairs", "unpaired"):
            parts.append(f"published use: pair_task: none, direction: {self.direction}")
        return "; ".join(parts)


# fmt: off
_PAGE = "see its page on kaggle.com/datasets"
_ROWS: dict[str, tuple[str, str, float | None, str, str]] = {  # layout, direction, size in GB, terms, address
    "sample":         ("auto",   "-",    0,    "public domain and CC0; made from installed packages", ""),
    "folder":         ("auto",   "-",    None, "those of your data", ""),

    # the pix2pix authors' pairs (arXiv 1611.07004)
    "facades":        ("pairs",  "BtoA", 0.03, "unknown (CMP Facades)", f"{EFROS}/facades.tar.gz"),
    "maps":           ("pairs",  "AtoB", 0.25, "unknown (Google Maps)", f"{EFROS}/maps.tar.gz"),
    "cityscapes":     ("pairs",  "BtoA", 0.1,  "non-commercial (Cityscapes)", f"{EFROS}/cityscapes.tar.gz"),
    "night2day":      ("pairs",  "BtoA", 2,    "unknown (Transient Attributes)", f"{EFROS}/night2day.tar.gz"),
    "edges2shoes":    ("pairs",  "AtoB", 2,    "academic (UT Zappos50K)", f"{EFROS}/edges2shoes.tar.gz"),
    "edges2handbags": ("pairs",  "AtoB", 8,    "unknown (iGAN)", f"{EFROS}/edges2handbags.tar.gz"),

    # photos, with torchvision's classes and splits
    "country211":     ("photos", "-",    11,   "Creative Commons, by photo (YFCC100M)", "torchvision://Country211"),
    "flowers102":     ("photos", "-",    0.35, "unknown (Oxford)", "torchvision://Flowers102"),
    "celeba":         ("photos", "-",    1.4,  "non-commercial research", "torchvision://CelebA"),
    # its server is gone: torchvision 0.29's LFWPeople downloads nothing, and names this copy
    "lfw_people":     ("photos", "-",    None, _PAGE, "kaggle://jessicali9530/lfw-dataset/lfw-deepfunneled"),

    # the sets of the five reports on Kaggle
    "flowers":        ("photos", "-",    None, _PAGE, "kaggle://l3llff/flowers"),
    "flower_colors":  ("photos", "-",    None, _PAGE, "kaggle://olgabelitskaya/flower-color-images/flower_images"),
    "kaggle_maps":    ("pairs",  "AtoB", None, _PAGE, "kaggle://vikramtiwari/pix2pix-dataset/maps"),
    "kaggle_facades": ("pairs",  "BtoA", None, _PAGE, "kaggle://vikramtiwari/pix2pix-dataset/facades"),
    "anime_sketch":   ("pairs",  "BtoA", None, _PAGE, "kaggle://ktaebum/anime-sketch-colorization-pair/data"),
}
# the CycleGAN authors' sides, A and B, that are no pairs (arXiv 1703.10593)
_UNPAIRED_ROWS: dict[str, tuple[float | None, str, str]] = {  # size in GB, terms, name on the server
    "horse2zebra":            (0.12, "unknown (ImageNet)", "horse2zebra"),
    "apple2orange":           (0.08, "unknown (ImageNet)", "apple2orange"),
    "summer2winter_yosemite": (0.13, "unknown (Flickr)", "summer2winter_yosemite"),
    "monet2photo":            (0.31, "unknown (WikiArt, Flickr)", "monet2photo"),
    "cezanne2photo":          (0.28, "unknown (WikiArt, Flickr)", "cezanne2photo"),
    "ukiyoe2photo":           (0.29, "unknown (WikiArt, Flickr)", "ukiyoe2photo"),
    "vangogh2photo":          (0.31, "unknown (WikiArt, Flickr)", "vangogh2photo"),
    "iphone2dslr_flower":     (0.34, "unknown (Flickr)", "iphone2dslr_flower"),
    "maps_unpaired":          (1.5,  "unknown (Google Maps)", "maps"),
    "cityscapes_unpaired":    (None, "non-commercial (Cityscapes)", "cityscapes"),
    "facades_unpaired":       (0.04, "unknown (CMP Facades)", "facades"),
}
# fmt: on

DATASETS = {name: Dataset(*row) for name, row in _ROWS.items()} | {
    name: Dataset("unpaired", "AtoB", size_gb, terms, f"{CYCLEGAN}/{file}.zip")
    for name, (size_gb, terms, file) in _UNPAIRED_ROWS.items()
}
