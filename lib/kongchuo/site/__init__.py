"""The pages on this machine: Voila's server, its landing page, archived and live pages, the kernels behind them."""
