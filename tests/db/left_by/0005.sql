-- A run whose files are gone, and a job whose pages are.
update runs set expired_at = clock_timestamp(), emptied_at = clock_timestamp() where source_id = 'xx/gone' and set_id = 1;
update jobs set expired_at = clock_timestamp() where status = 'failed';
