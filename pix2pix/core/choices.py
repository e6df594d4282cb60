"""The words that settings and commands allow, each written once.

Nothing here needs more than ``typing``: a command's help and the check of all settings wait for no torch.
"""

from typing import Literal

# What the data are, and how pairs are made of them.
SourceLayout = Literal["auto", "photos", "pairs", "videos", "mixed", "unpaired"]
FacesPerFrame = Literal["largest", "all"]
PairTask = Literal["grayscale", "edges", "sketch", "none"]
Direction = Literal["AtoB", "BtoA"]
Resize = Literal["crop", "pad", "stretch"]
SplitBy = Literal["auto", "clip", "person"]
ImageSize = Literal[64, 128, 256, 512, 1024]  # side in px

# The networks.
GeneratorKind = Literal["unet", "resnet_6blocks", "resnet_9blocks", "resnet18_unet", "efficientnet_unet"]
Upsample = Literal["transpose", "resize"]
Norm = Literal["batch", "instance", "instance_plain", "none"]
Activation = Literal["leaky_relu", "relu", "silu", "mish"]
PixelRange = Literal["symmetric", "unit"]
InputLabels = Literal["auto"] | bool
Output = Literal["colour", "chroma"]
AutoOutput = Literal["auto"]  # in the place of one of them
PatchSize = Literal[1, 16, 70, 142, 286]  # side in px
Padding = Literal["same"] | Literal[1]

# The training.
Objective = Literal["pix2pix", "cyclegan", "cut"]
GanLoss = Literal["bce", "lsgan", "hinge"]
DiscriminatorUpdates = Literal["joint", "separate"]
LearningRateSchedule = Literal["constant", "linear", "step", "cosine"]
Select = Literal["last", "best"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
TestMode = Literal["eval", "train"]

# What is measured.
BACK_PREFIX = "back_"  # how all starts that belongs to the other direction of a model of both
FaceRate = Literal["auto"] | bool
RealismMetrics = Literal["none", "auto", "fid", "lpips", "all"]

# The machine.
Accelerator = Literal["auto", "cpu", "cuda", "mps"]
AllDevices = Literal["auto"]  # in the place of a number of them
WherePossible = Literal["auto"] | bool

# A trained model in use.
Fit = Literal["tile", "full", "resize"]
PhotoFormat = Literal["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp"]
RatingProtocol = Literal["scores", "real_or_fake"]
