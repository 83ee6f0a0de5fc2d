"""20 · Deployment."""
