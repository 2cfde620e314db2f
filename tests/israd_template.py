"""Workbooks of the ISRaD template, made by hand with the columns that the template has."""

import xlsxwriter

METADATA = (
    "entry_name doi compilation_doi curator_name contact_name bibliographical_reference metadata_note template_version"
)
SITE = "entry_name site_name site_lat site_long site_datum site_elevation site_note"
PROFILE = (
    "entry_name site_name plot_name pro_name pro_lat pro_long pro_treatment pro_treatment_note pro_MAT pro_MAP "
    "pro_usda_soil_order pro_soil_taxon pro_land_cover pro_thaw_depth"
)
LAYER = (
    "entry_name site_name pro_name lyr_name lyr_obs_date_y lyr_all_org_neg lyr_top lyr_bot lyr_hzn lyr_bd_samp "
    "lyr_clay_tot_psa lyr_ph_h2o lyr_cat_exch lyr_c_inorg lyr_c_org lyr_c_tot lyr_n_tot lyr_loi lyr_14c lyr_14c_sd "
    "lyr_reported_mbc lyr_fe_ox lyr_quartz lyr_p_ext lyr_p_units lyr_bs "
)
INCUBATION = (
    "entry_name site_name pro_name lyr_name frc_name inc_name inc_type inc_note inc_obs_date_y inc_duration "
    "inc_duration_type inc_temp inc_moisture_type inc_moisture inc_moisture_units inc_C_respired inc_flux "
    "inc_flux_units inc_14c"
)
NEWER = "inc_anaerobic inc_analyte"
UNITS = {
    "lyr_top": "cm", "lyr_bd_samp": "g cm-3", "lyr_clay_tot_psa": "%", "lyr_c_org": "%", "lyr_c_inorg": "%",
    "lyr_c_tot": "%", "lyr_loi": "%", "lyr_14c": "ä", "lyr_reported_mbc": "mgC/g", "lyr_fe_ox": "mg/g",
    "lyr_quartz": "% or +/++/+++", "inc_duration": "days", "inc_temp": "¡C", "lyr_cat_exch": "cmol H+ kg-1",
}  # fmt: skip

KEYS = {"entry_name": "Made_2024", "site_name": "Toolik", "pro_name": "Tussock 1", "lyr_name": "Tussock 1_0-10"}


def tabs(*, newer=True):
    """A template with two layers, the upper at two temperatures on two dates."""
    rows = {
        "metadata": [{"entry_name": "Made_2024", "doi": "10.0/made", "bibliographical_reference": "MADE for a test, 2024"}],
        "site": [{"site_lat": 68.63, "site_long": -149.6, "site_elevation": 720}],
        "profile": [
            {"pro_treatment": "control", "pro_MAT": -8.5, "pro_MAP": 320, "pro_usda_soil_order": "Gelisols",
             "pro_land_cover": "tundra", "pro_thaw_depth": 45},
        ],
        "layer": [
            {"lyr_top": -10, "lyr_bot": 0, "lyr_hzn": "Oe", "lyr_c_org": 38.0, "lyr_bd_samp": 0.12, "lyr_ph_h2o": 4.9,
             "lyr_14c": 52.5, "lyr_14c_sd": 4.0, "lyr_reported_mbc": 1.9, "lyr_quartz": "++"},
            {"lyr_name": "Tussock 1_60-70", "lyr_top": 60, "lyr_bot": 70, "lyr_hzn": "Cf", "lyr_c_tot": 2.1,
             "lyr_clay_tot_psa": 31.0, "lyr_fe_ox": 6.5, "lyr_loi": 4.4},
        ],
        "incubation": [
            {"inc_name": f"Tussock 1_0-10_{t}C_{d}d", "inc_temp": t, "inc_duration": d, "inc_flux": f,
             "inc_flux_units": "mgC/g dry soil/day", "inc_moisture": 60, "inc_moisture_units": "% field capacity"}
            for t, d, f in ((5, 7, 0.12), (5, 30, 0.08), (15, 7, 0.27), (15, 30, 0.19))
        ] + [
            {"lyr_name": "Tussock 1_60-70", "inc_name": f"deep {t}C", "inc_temp": t, "inc_duration": 120,
             "inc_C_respired": c} for t, c in ((5, 1.4), (15, 3.1))
        ] + [{"lyr_name": "Tussock 1_60-70", "inc_name": "roots", "inc_type": "live roots", "inc_temp": 15,
              "inc_duration": 12, "inc_flux": 2.0, "inc_flux_units": "mgC/gC soil/day"}],
    }  # fmt: skip
    if newer:
        rows["incubation"][0] |= {"inc_anaerobic": "", "inc_analyte": "CO2"}
    for row in rows["incubation"][:6]:
        row.setdefault("inc_type", "root-picked soil")
    return rows


def sheets(rows, *, newer=True):
    """Cells of every tab: header, two rows of description, data from the fourth row on."""
    columns = {
        "metadata": METADATA, "site": SITE, "profile": PROFILE, "flux": "entry_name site_name pro_name flx_name",
        "layer": LAYER, "interstitial": "entry_name ist_name", "fraction": "entry_name frc_name",
        "incubation": f"{INCUBATION} {NEWER}" if newer else INCUBATION,
    }  # fmt: skip
    made = {}
    for name, text in columns.items():
        header = text.split()
        described = [["Entry/Dataset Name", *header[1:]], ["Author_year", *(UNITS.get(c, "") for c in header[1:])]]
        data = [[(KEYS | row).get(column) for column in header] for row in rows.get(name, ())]
        # A template's header has blanks behind some of its names.
        made[name] = [[c + " " if c == "lyr_bs" else c for c in header], *described, *data]
    return made


def write_template(path, cells):
    """Write cells as a workbook."""
    with xlsxwriter.Workbook(str(path), {"nan_inf_to_errors": True}) as book:
        for name, rows in cells.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if cell is not None and cell != "":
                        sheet.write(i, j, cell)
    return path
