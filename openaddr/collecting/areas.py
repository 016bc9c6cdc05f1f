"""Which areas a source belongs to, by the beginning of its path: the world, a part of it, and its country.

Names are those of the predecessor, which had no Africa and for which Iceland was in Asia and half of Europe nowhere.
"""

import re

GLOBAL = "global"
TITLES = {
    GLOBAL: "World",
    "us_northeast": "US Northeast",
    "us_midwest": "US Midwest",
    "us_south": "US South",
    "us_west": "US West",
    "europe": "Europe",
    "asia": "Asia and Oceania",
    "africa": "Africa",
    "south_america": "South America",
    "north_america": "North America without the US",
}
"""Areas that are no country, in the order in which they are shown."""

_STATES = {
    "us_northeast": "ct me ma nh ri vt nj ny pa",
    "us_midwest": "il in mi oh wi ia ks mn mo ne nd sd",
    # The Caribbean and the Pacific are in no region of the Census: whoever fetches all four wants all of the US.
    "us_south": "de fl ga md nc sc va dc wv al ky ms ar la ok tx tn pr vi",
    "us_west": "az co id mt nv nm ut wy ak ca hi or wa as gu mp",
}
_COUNTRIES = {
    "europe": "ad al at ax ba be bg by ch cy cz de dk ee el es fi fo fr gb gg gi gr hr hu ie im is it je li lt lu lv "
    "mc md me mk mt nl no pl pt ro rs ru se si sj sk sm ua uk va xk",
    "asia": "ae af am az bd bh bn bt cc cn cx ge hk id il in io iq ir jo jp kg kh kp kr kw kz la lb lk mm mn mo mv my "
    "np om ph pk ps qa sa sg sy th tj tl tm tr tw uz vn ye "
    "as au ck fj fm gu ki mh mp nc nf nr nu nz pf pg pn pw sb tk to tv um vu wf ws",
    "africa": "ao bf bi bj bw cd cf cg ci cm cv dj dz eg eh er et ga gh gm gn gq gw ke km lr ls ly ma mg ml mr mu mw "
    "mz na ne ng re rw sc sd sh sl sn so ss st sz td tf tg tn tz ug yt za zm zw",
    "south_america": "ar bo br cl co ec fk gf gs gy pe py sr uy ve",
    "north_america": "ag ai aw bb bl bm bq bs bz ca cr cu cw dm do gd gl gp gt hn ht jm kn ky lc mf mq ms mx ni pa pm "
    "pr sv sx tc tt vc vg vi",
}
_AREA_OF_STATE = {state: area for area, states in _STATES.items() for state in states.split()}
_AREA_OF_COUNTRY = {country: area for area, countries in _COUNTRIES.items() for country in countries.split()}
_COUNTRY = re.compile(r"[a-z]{2}")


def areas_of(source_id: str) -> list[str]:
    """The areas of a source, the largest first; the last one is its country, a word of two letters."""
    first, _, rest = source_id.partition("/")
    part = _AREA_OF_STATE.get(rest.partition("/")[0]) if first == "us" else _AREA_OF_COUNTRY.get(first)
    country = first if _COUNTRY.fullmatch(first) else None
    return [area for area in (GLOBAL, part, country) if area]
