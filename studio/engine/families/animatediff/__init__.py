"""AnimateDiff (Guo et al. 2023): a Stable Diffusion 1.x UNet with a motion module, and SparseCtrl
(Guo et al. 2023) for frames around given ones."""
