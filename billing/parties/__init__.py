"""Who issues and receives documents, how they are taxed, and the rates of VAT: all by date."""
