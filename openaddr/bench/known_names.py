"""What publishers call their columns: names that stand for one thing in the source files of OpenAddresses.

Counted in 2,676 source files; the most frequent come first. Names are in lower case without anything but letters and
digits, as `plain` makes them. `A_B` in a role says that it is a part of what `A` is made of.
"""

from functools import cache

PREFIXES = (
    "situsaddress", "situsadd", "situs", "siteaddress", "site", "property", "prop", "address", "addr", "adr",
    "physical", "phys", "loc", "sit", "parcel", "str", "tsc", "cama", "premise", "prem", "src",
)  # fmt: skip
"""What may stand before a name without changing what it stands for."""
NOT_OF_THE_PLACE = (
    "own", "mail", "tax", "bill", "grantee", "seller", "buyer", "contact", "applicant", "addrline", "agent",
)  # fmt: skip
"""Beginnings of names of columns that say where somebody gets letters, which may be far away."""

NAMES = {
    "number": """
        number addrnum housenum housenumber addnumber streetnum stnum houseno addnum streetnumber addressnumber
        streetno stnumber strnum addressnum hnum anumber san addrhn house num indirnum situsnum civicnum hausnummer
        hausnr hnr huisnummer husnummer husnr adrplats nummer numero numeroexteriorokilómetro numéro nocivique civicno
        civicnumber civic civico numcivico numerocivico numerporzadkowy padnumerporzadkowy numer nomerdoma номер дом
        nomer adressnummer talonumero hausnummerzahl hsnr houseid fulladdnum addnumcplt addnumcomplete fullhouse
        strno strtnum structno structurenum bldgnum hseno hsenumber hno hsenum adrnum addnumb addno addrno anum
        número numerodomu numporta numerodecalle altura lndnmasn makani bno buildingno nr no nro nº addressnu
        addrnumb sitenumber 街区符号地番 housenbr nbr 지번본번 건물본번
    """,
    "number_before": "addnumpre preaddrnum streetnumberprefix anumberpre addressnumberprefix numprefix strnopre prenum",
    "number_after": """
        addnumsuf addrnumsuf anumbersuf addressnumbersuffix stnumsuf stnumsuff stnumsuffix streetnumbersuffix
        addnumsuffix numsuf sufnum addrsuffix fraction half addrfrac addressfraction numsuffix hns sansuf housesuffix
        housesuf housesuffi hausnrzusatz hausnummerzusatz adz zusatz esponente esp barrato rep indicerepet indrep
        suffixe bis huisletter huisnummertoevoeging literal addrnmsuf addrnsfx strnosuf civicsfx civicsuffix
        sns sitefrac
    """,
    "street": """
        fullname street streetname nomvoie roadname fullstreet fullstreetname streetnam stname roadnam strname
        streetnm fullstnm fullstname strnam stfullname stfullnam fullstree streetnamefull compstname compstrname
        completestreetname completestreet 大字丁目名 大字町丁目名 大字町字名 町名 nombredelavialidad nombrevia nomvia
        nombrecalle calle via nomevia indirizzo odonimo toponimo logradouro endereco rua strasse straße strassenname
        straßenname strassest stn gatenavn vejnavn gatunamn vägnamn adressenavn katunimi tänav ulica ulcnazwa nameul
        nazwaulicy nazovulice nazevulice nazevulicenazev uliczm streetnamefr streetnamenl straatnaam straat
        openbareruimte rue libellevoie tpstrnom tpnom adromrade namecplt namecomplete name road rd strada denumire
        улица вулиця street_ar streetarabic situsaddname label srcfullnam msagcomple fullrdname rdname rdfullname
        sitestreet 도로명 路名 街路 lane address1street locstreet prcllocstreet
    """,
    "street_premod": "stpremod premod premodifier stnpremod streetpremod streetpremodifier strtpremod",
    "street_predir": """
        predir stpredir stdir streetdir dir prefixdir prefixdirection roadpredir stpre streetpre prd stprefix
        streetprefix stprefixdir prefix strdir predirectional predirect predirecti prefixdirectional streetpredir
        strpredir dirprefix dirpre streetdirprefix streetdirectionprefix addrpd stnpredir streetnamepredirectional
        predirection pd direction streetdirection stdirect strpredircode prdir stdirpre streetprefx sitepref
        streetdirectionpre roadpre addrdir situsdir stprefixd
    """,
    "street_pretype": """
        pretype stpretyp stpretype prefixtype streetpretype stnpretyp stp addrpt streetnamepretype strpretype pretyp
        typevoie tipovia tipodevialidad dug tipologradouro rdpretype
    """,
    "street_presep": "stpresep presep preseparator stnpresep streetnamepreseparator",
    "street_name": """
        stname streetname strname name street streetnam stnam roadname rdname strnam addrsn stnname basename
        feaname feanme fename lstname strtnam sn stn situsstreet streetn basenam streetbase mainname
    """,
    "street_type": """
        streettype sttype stpostyp postype posttype strtype type suffix stsuffix streetsuffix stsuf streetsuf
        streettyp suffixtype roadtype rdtype addrst stpostype streetposttype stsfx sttyp stnpostyp feanmetype featyp
        featype fetype ftype strsuffix sts streettypecode roadsuffix strtyp suftype streetsufix streetsuff stype
        roadsuf rdsuffix addrtype streetnameposttype streetsufx stsufx sufx sufixtype strsfx
    """,
    "street_postdir": """
        postdir stposdir sufdir stpostdir suffixdir suffixdirection postdirectional streetpostdir postdirect pod
        posdir stsuffixdir sdir streetsufdir addrsd streetdirsuffix dirsuffix suffdir strpostdircode dirsuf
        strpostdir streetdirectionsuffix roadpostdir stsufdir stnposdir streetnamepostdirectional postdirection
        suffixdirectional stsuffixd roadpost suffix stsuffix streetsuffix stsuf
    """,
    "street_postmod": "stposmod stpostmod postmod postmodifier stnposmod sufmod streetpostmod streetpostmodifier",
    "unit": """
        unit unitnum unitnumber suite apartment bldgunit apt unitid unitno unitvalue addrunit siteunit strunit aptno
        unitnbr subaddress stunit aptunit suiteno addunit aptnum bruksenhetsnummertekst boxnumber huoneisto appartement
        wohnung top türnummer tür interno scala departamento depto piso complemento numerointerior lokal byt unitname
        fullunit subunit unitactual subaddnum subbaddcplt unitapt aptsuite spaceapt unitnumbe
    """,
    "unit_type": """
        unittype unittyp unitdesc unitdesig unitdesignator unittypecode subtype1 subaddtype subaddresstype unitd
        prunittype addrunittype adrunittyp subtype utype secunit
    """,
    "unit_id": "unitid unitnum unit unitnumber unitno subid1 subaddid unitn prunitid adrunitid subaddressnum unitname",
    "city": """
        city postcomm community nomcommune municipality 市区町村名 postalcom municipio msagcomm muni poststed locality
        postalcity village miejscowosc town cityname incmuni mcn msag villagenam comunenom municipali comm nomec
        placename postcity muniname msagcom commname postalcomm suburb postort addrcity townname postoffice uspscity
        gmd toponim postaltown adrcity comune municipalitynamefr municipalitynamenl gemeinde gemeindename ort ortsname
        ortnamk stadt commune kommun kommune kommunenavn postnavn postitoimipaikka kunta gmina miasto mjsnazwa obec
        nazevobce localityname municipalitynam ciudad poblacion cidade nommunicipi nombremunicipio citta nomecomune
        plaats woonplaats gemeentenaam asustusüksus pilsēta miestas settlement населенныйпункт місто город
        poname zipcity uspsname pcn pstlcity postcommunity inccity 시군구명 cityvillag venue
    """,
    "district": """
        county neighborhood coname district countyname cntyname raion kreis provincia nmprv nomprov townname township
        grunnkretsnavn countynam stadtteil ortsteil landkreis obcina powiat okres concelho distrito arrondissement
        barrio colonia raionname munic cntynm countyfull pownazwa municipality
    """,
    "region": """
        state region 都道府県名 statecode st stateabbreviation province stateabbr statename prov stateabbrev
        bundesland land estado entidad wojewodztwo kraj kanton canton departement departamento regbez provincename
        stat statecd 시도명 wojnazwa
    """,
    "postcode": """
        zip zipcode postcode codepostal codepost códigopostal postalcode zip5 plz postnummer kodpocztowy postal
        postnr pindeks postplz postalcod zip1 pc cep cap postleitzahl psc codigopostal cp codpostal zippostal zipcd
        zipcode5 postalzip addzip pstlzip5 fivedigitzipcode uspszip irányítószám sihtnumber indeks postinumero
        postitmbr postcd zippostcode 우편번호 郵便番号 поштовийіндекс индекс zipcodes indice postcodenl postindeks
        padkodpocztowy
    """,
    "id": """
        siteaddid addressid addid addrid adresseid lokalnyid accpcuui addressptid addressptguid apguid uniqueid
        nguid addptid addresspointid addresskey uuid egid gwregid siteid sitenguid addnguid codciv idadresse idcivico
        idban identifikator inspireid lokalid adresid idadresu kodadm addrptid addruid addressuid gebaeudeid oi
    """,
    "lon": """
        lon longitude lng long x pointx longitud 経度 xcoord coordx ost øst ostwert xwgs84 lonwgs84 longit easting
        xcenter coordinatax epsg4326lon ostkoordinate rechtswert ecoord xcor longitudine geolon ddlon xlong x4326
        loncenter lon84 xcoordinate gpsx east 경도 東経 東經 sourcex viitepunktx bgx xcentroid centroidx centroidlon
        xpoint
    """,
    "lat": """
        lat latitude latitud y pointy 緯度 ycoord coordy nord nordwert ywgs84 latwgs84 latit northing
        ycenter coordinatay epsg4326lat nordkoordinate hochwert ncoord ycor latitudine geolat ddlat ylat y4326
        latcenter lat84 ycoordinate gpsy north 위도 北緯 sourcey viitepunkty bgy ycentroid centroidy centroidlat ypoint
    """,
    "full_address": """
        siteadd address siteaddress fulladdr fulladdress propertyaddress situs situsaddr situsaddress propadd
        fullnumadd addr dlvryadd streetaddress propaddress parceladdress physaddr propaddr staddress streetaddr
        propertyaddr addr1 address1 addressfull completead civicaddr physicaladdress locaddress fulladr situsdisplay
        siteaddr propertyad addrline propertya fulladdre addressline1 singlelineaddress mainaddre label dirección
        direccion adresse adres adresa anschrift endereço indirizzocompleto 住所 fulladdrua fulladdru alternativ loc
        location
    """,
    "pid": """
        parcelid pin parcelno pid apn parid parcelnumber parcelnum maptaxlot parcel pidn teigid propid
        gisparcelnumber taxpin tms acctid parcelnumb parcelnb taxid parnum gispin prclid gpin lotplan capakey
        taxidnum upc parcelcode parno propertyid taxmapnumber maplot taxlot ppn ppin pinnum prclnbr strap lotid
        refcat referenciacatastral kadastralekennung flurstueckskennzeichen matrikelnummer asmt geoid gislink tlid
        parcelpin parcelident parcelkey prclno taxkey taxparcel parcelid1 pcn pidnum accountno idu
    """,
    "height": "height heightm bldgheight hauteur hauteurbati roofht footprintextrusion hoehe höhe hohe altezza",
    "levels": "levels stories floors numfloors floorint numstories nbetages geschosse etagen floorcount",
    "name": """
        fullstnm fullname fullstreet fullstreetname labelname streetname roadname roadnam street stname name label
        completestreetname rdname road strname streetnam stfullname fullnm nomvoie
    """,
    "addr_from_left": """
        fromaddrl fromleft lfadd fraddl laddfrom addfrl lfrom leftfrom lladd leftfromaddress fraddrl lfaddr
        leftstartaddress lowaddressleft fromaddl llo addlfrom frleft leftfromadd lfaddress fromaddressl
        addlfr fromaddressleft
    """,
    "addr_to_left": """
        toaddrl toleft ltadd toaddl laddto addtol lto leftto lhadd lefttoaddress ltaddr leftendaddress
        highaddressleft lhi addlto toadl lefttoadd ltaddress toaddressl toaddressleft
    """,
    "addr_from_right": """
        fromaddrr fromright rfadd fraddr raddfrom addfrr rfrom rightfrom rladd rightfromaddress fraddrr rfaddr
        rightstartaddress lowaddressright fromaddr rlo addrfrom frright rightfromadd rfaddress fromaddressr
        fromaddressright
    """,
    "addr_to_right": """
        toaddrr toright rtadd toaddr raddto addtor rto rightto rhadd righttoaddress rtaddr rightendaddress
        highaddressright rhi addrto toadr righttoadd rtaddress toaddressr toaddressright
    """,
    "zip_left": "postcodel zipleft zipl lzip zipcodel leftzip zip5l postall leftzipcode leftpostal postzipl",
    "zip_right": "postcoder zipright zipr rzip zipcoder rightzip zip5r postalr rightzipcode rightpostal postzipr",
    "speed": "speedlimit speed mph postedspeed spdlimit speedmph",
    "oneway": "oneway onewaydir onewayflag",
    "centerline_id": "centerlineid nguid rclnguid uniqueid segid roadid segmentid localid roadsegid streetid featureid",
}


def plain(name: str) -> str:
    """A name as the table has it: without the table before its last dot, without signs, in lower case."""
    return "".join(letter for letter in name.rpartition(".")[2].casefold() if letter.isalnum())


@cache
def ranks(role: str) -> dict[str, int]:
    """The names of a role, each with its place from 0."""
    return {name: place for place, name in enumerate(dict.fromkeys(map(plain, NAMES[role].split())))}
