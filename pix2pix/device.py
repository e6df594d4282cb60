"""The device that work runs on."""

import torch
from lightning_fabric import Fabric


def open_fabric(accelerator: str) -> Fabric:
    """Return a Fabric on one device: ``auto``, ``cpu``, ``cuda`` or ``mps``."""
    return Fabric(accelerator=accelerator, devices=1)


def pick_device(accelerator: str) -> torch.device:
    """Return the device that ``open_fabric`` would use."""
    return open_fabric(accelerator).device
