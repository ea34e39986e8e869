"""A gate before an engine that never throttles: DynamoDB's throttles, simulated by the model."""
