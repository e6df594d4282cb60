"""How real a set of pictures looks beside another: KID, FID and LPIPS. Knows no training."""
