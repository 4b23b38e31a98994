"""What `import psro_comm` offers: a front door for scripts and notebooks."""
