"""What puts the project to use: command line, deployments, migrations, sample data."""
