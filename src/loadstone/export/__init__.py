"""A data set as files that DynamoDB's ImportTable takes, in shards that are numbers."""
