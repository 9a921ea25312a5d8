"""Reports: what calls cost, by what one wants to know, in any currency; step by step; and against work by hand."""
