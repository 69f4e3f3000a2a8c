"""Plain functions on tensors and pictures: what a formula says, without a network in sight."""
