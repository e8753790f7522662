"""Events as mails: subscribers, recipients, composing."""
