"""06 · Surrogate gradients."""
