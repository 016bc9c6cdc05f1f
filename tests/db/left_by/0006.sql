-- A run that was too large for its size class.
update runs set outgrown = 'It took more than 1 GB of memory.' where source_id = 'xx/gone' and set_id = 1;
