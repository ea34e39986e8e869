"""What needs boto3: targets and credentials, and the control plane of tables."""
