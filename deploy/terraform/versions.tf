terraform {
  # Write-only arguments keep secrets out of the state.
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
}

provider "aws" {
  region = var.region
  # Every resource besides says which one it is: `ekiben:resource`.
  default_tags {
    tags = { "ekiben:deployment" = var.name }
  }
}
