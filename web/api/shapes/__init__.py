"""What is asked and answered, as pydantic models: the source of the OpenAPI document."""
