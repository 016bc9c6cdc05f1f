-- Addresses of OpenAddresses in the schema of Overture Maps (theme addresses, type address), for DuckDB.
-- It reads one file of the deduplicated build, or a list of them:
--   from overture_addresses('w…-10.parquet')
-- With everything := true it has all rows, not only the best one of each address.

create or replace macro overture_text(value) as
    nullif(regexp_replace(value, '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$', '', 'g'), '');

-- In the United States there are always two, the state and the city; elsewhere those that are known.
create or replace macro overture_levels(country, region, district, city) as
    case
        when country = 'US' then [{'value': overture_text(region)}, {'value': overture_text(city)}]
        else nullif(
            list_transform(
                list_filter(
                    [overture_text(region), overture_text(district), overture_text(city)], lambda level: level is not null
                ),
                lambda level: {'value': level}
            ),
            []
        )
    end;

create or replace macro overture_addresses(files, everything := false) as table
    select
        case when is_best then dedupe_group else dedupe_group || '-' || dedupe_rank end as id,
        geometry,
        bbox,
        upper(split_part("source", '/', 1)) as country,
        overture_text(postcode) as postcode,
        overture_text(street) as street,
        overture_text("number") as "number",
        overture_text(unit) as unit,
        overture_levels(upper(split_part("source", '/', 1)), region, district, city) as address_levels,
        null::varchar as postal_city,
        1::integer as version,
        [{
            'property': '',
            'dataset': 'OpenAddresses/' || "source" || '/addresses/' || source_name,
            'license': overture_text(licence),
            'record_id': "hash",
            'update_time': null::varchar,
            'confidence': null::double,
            'between': null::double[]
        }] as sources,
        'addresses' as theme,
        'address' as type
    from read_parquet(files)
    where is_best or everything;
