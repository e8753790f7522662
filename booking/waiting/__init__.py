"""The waiting list: members wait for a machine, or any machine of a group, until what they wish becomes free."""
