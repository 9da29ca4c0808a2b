"""What the tables mean in the words of the field: who is in which class, who answers for whom, what is due, how a case goes on."""
