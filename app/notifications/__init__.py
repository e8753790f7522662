"""Events as mails: who is told, in which words."""
