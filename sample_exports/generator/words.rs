//! The vocabulary of a made-up Alsace winery: names, towns, wines and units. `records` combines them.

/// First names.
pub const FIRST_NAMES: &[&str] = &[
    "Jean",
    "Marie",
    "Pierre",
    "Élodie",
    "François",
    "Hélène",
    "Jérôme",
    "Chloé",
    "Luc",
    "Sophie",
    "André",
    "Camille",
    "Étienne",
    "Nathalie",
    "Mathieu",
    "Aurélie",
    "Benoît",
    "Céline",
    "Didier",
    "Estelle",
    "Frédéric",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Joël",
    "Karine",
    "Laurent",
    "Maëlle",
    "Nicolas",
    "Océane",
    "Pascal",
    "Quentin",
    "Raphaël",
    "Sylvie",
    "Thérèse",
    "Ursule",
    "Valérie",
    "William",
    "Xavier",
    "Yvette",
    "Zoé",
    "Jean-Pierre",
    "Anne-Lise",
    "Marie-Hélène",
    "Jean-Luc",
    "Bérénice",
    "Gérard",
    "Noémie",
];

/// Last names.
pub const LAST_NAMES: &[&str] = &[
    "Dupont",
    "Müller",
    "Schaeffer",
    "Klein",
    "Meyer",
    "Schmitt",
    "Weber",
    "Hofmann",
    "Kieffer",
    "Zimmermann",
    "Bernard",
    "Martin",
    "Lefèvre",
    "Girard",
    "Moreau",
    "Fournier",
    "Mercier",
    "Blanchard",
    "Guérin",
    "Faure",
    "Rousseau",
    "Chevalier",
    "Gauthier",
    "Perrin",
    "Robin",
    "Clément",
    "Morin",
    "Nicolas",
    "Henry",
    "Roussel",
    "Mathieu",
    "Masson",
    "Marchand",
    "Dufour",
    "Lemaire",
    "Noël",
    "Dumas",
    "Brun",
    "Barthélemy",
    "Rivière",
    "Arnaud",
    "Ostertag",
    "Trimbach",
    "Humbrecht",
    "Kuehn",
    "Wolfberger",
    "Heitz",
    "Rieffel",
    "Stoeffler",
    "Bohn",
    "Lorentz",
    "Gassmann",
    "Hauser",
    "Vogel",
    "Fritsch",
    "Keller",
    "Baumann",
    "Schneider",
    "Fischer",
    "Strub",
    "Lévêque",
    "Garçon",
    "Béraud",
    "Château",
];

/// A town with what a client's address and telephone number need.
pub struct Town {
    /// Its name.
    pub name: &'static str,
    /// Its postal code.
    pub postal_code: &'static str,
    /// The digit after the 0 of French landline numbers.
    pub zone: char,
}

const fn town(name: &'static str, postal_code: &'static str, zone: char) -> Town {
    Town { name, postal_code, zone }
}

/// French towns.
pub const TOWNS: &[Town] = &[
    town("Strasbourg", "67000", '3'),
    town("Colmar", "68000", '3'),
    town("Mulhouse", "68100", '3'),
    town("Sélestat", "67600", '3'),
    town("Obernai", "67210", '3'),
    town("Haguenau", "67500", '3'),
    town("Saverne", "67700", '3'),
    town("Ribeauvillé", "68150", '3'),
    town("Kaysersberg", "68240", '3'),
    town("Riquewihr", "68340", '3'),
    town("Eguisheim", "68420", '3'),
    town("Guebwiller", "68500", '3'),
    town("Thann", "68800", '3'),
    town("Saint-Louis", "68300", '3'),
    town("Molsheim", "67120", '3'),
    town("Barr", "67140", '3'),
    town("Wissembourg", "67160", '3'),
    town("Metz", "57000", '3'),
    town("Nancy", "54000", '3'),
    town("Épinal", "88000", '3'),
    town("Belfort", "90000", '3'),
    town("Besançon", "25000", '3'),
    town("Dijon", "21000", '3'),
    town("Reims", "51100", '3'),
    town("Lille", "59000", '3'),
    town("Amiens", "80000", '3'),
    town("Paris", "75011", '1'),
    town("Versailles", "78000", '1'),
    town("Créteil", "94000", '1'),
    town("Nanterre", "92000", '1'),
    town("Rennes", "35000", '2'),
    town("Nantes", "44000", '2'),
    town("Angers", "49000", '2'),
    town("Le Mans", "72000", '2'),
    town("Orléans", "45000", '2'),
    town("Rouen", "76000", '2'),
    town("Saint-Malo", "35400", '2'),
    town("Lyon", "69003", '4'),
    town("Annecy", "74000", '4'),
    town("Grenoble", "38000", '4'),
    town("Saint-Étienne", "42000", '4'),
    town("Bourg-en-Bresse", "01000", '4'),
    town("Gap", "05000", '4'),
    town("Nice", "06000", '4'),
    town("Marseille", "13006", '4'),
    town("Montpellier", "34000", '4'),
    town("Nîmes", "30000", '4'),
    town("Béziers", "34500", '4'),
    town("Toulouse", "31000", '5'),
    town("Bordeaux", "33000", '5'),
    town("Limoges", "87000", '5'),
    town("La Rochelle", "17000", '5'),
    town("Foix", "09000", '5'),
];

/// A town abroad; in the telephone patterns `#` is any digit.
pub struct TownAbroad {
    /// Its name in French or as locals write it.
    pub name: &'static str,
    /// Its postal code.
    pub postal_code: &'static str,
    /// The country in French.
    pub country: &'static str,
    /// The ending of e-mail addresses there.
    pub domain: &'static str,
    /// Landline numbers.
    pub phone: &'static str,
    /// Mobile numbers.
    pub mobile: &'static str,
}

const fn abroad(
    name: &'static str,
    postal_code: &'static str,
    country: &'static str,
    domain: &'static str,
    phone: &'static str,
    mobile: &'static str,
) -> TownAbroad {
    TownAbroad { name, postal_code, country, domain, phone, mobile }
}

/// Towns abroad.
pub const TOWNS_ABROAD: &[TownAbroad] = &[
    abroad("Freiburg", "79098", "Allemagne", "example.de", "+49 761 2####", "+49 151 2#######"),
    abroad("Karlsruhe", "76133", "Allemagne", "example.de", "+49 721 3####", "+49 170 2######"),
    abroad("Stuttgart", "70173", "Allemagne", "example.de", "+49 711 2#####", "+49 160 9#######"),
    abroad("Berlin", "10115", "Allemagne", "example.de", "+49 30 2#######", "+49 175 3######"),
    abroad("Bruxelles", "1000", "Belgique", "example.be", "+32 2 51# ## ##", "+32 475 ## ## ##"),
    abroad("Liège", "4000", "Belgique", "example.be", "+32 4 22# ## ##", "+32 476 ## ## ##"),
    abroad("Bâle", "4051", "Suisse", "example.ch", "+41 61 26# ## ##", "+41 79 3## ## ##"),
    abroad("Genève", "1204", "Suisse", "example.ch", "+41 22 31# ## ##", "+41 78 6## ## ##"),
    abroad("Luxembourg", "1611", "Luxembourg", "example.lu", "+352 26 4# ## ##", "+352 621 3## ###"),
    abroad("Amsterdam", "1012 AB", "Pays-Bas", "example.nl", "+31 20 5## ####", "+31 6 1### ####"),
    abroad("Londres", "SW1A 1AA", "Royaume-Uni", "example.co.uk", "+44 20 72## ####", "+44 7400 2#####"),
    abroad("Milan", "20121", "Italie", "example.it", "+39 348 2## ####", "+39 347 2## ####"),
    abroad("Vienne", "1010", "Autriche", "example.at", "+43 1 51#####", "+43 664 2######"),
];

/// Where the e-mail addresses of French clients end; domains that documentation uses, so that nobody real is meant.
pub const DOMAINS: &[&str] = &["example.fr", "courrier.example.fr", "boite.example.fr", "cave.example.fr"];

/// What is noted about a client.
pub const REMARKS: &[&str] = &[
    "Préfère les vins secs",
    "Livraison le samedi matin",
    "Membre du club de dégustation",
    "Rencontré au salon de Colmar",
    "Souhaite être prévenu des nouveaux millésimes",
    "Facture au nom de l'entreprise",
];

/// A wine before cuvée and vintage are chosen.
pub struct Wine {
    /// How its product keys begin.
    pub stem: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its colour in the export's words.
    pub colour: &'static str,
    /// Its grape varieties, comma-separated.
    pub grapes: &'static str,
    /// Its aromas, comma-separated.
    pub aromas: &'static str,
    /// The price of a bottle of the plain cuvée of 2021, in cents.
    pub cents: u64,
    /// Alcohol, in tenths of a percent.
    pub degree: u64,
    /// Its body.
    pub body: &'static str,
    /// Its tannins, empty where there are none to speak of.
    pub tannins: &'static str,
}

#[rustfmt::skip] // a table is read column by column
/// The wines.
pub const WINES: &[Wine] = &[
    Wine { stem: "RIESLING", name: "Riesling", colour: "blanc", grapes: "Riesling", aromas: "agrume, floral", cents: 1150, degree: 125, body: "léger", tannins: "" },
    Wine { stem: "GEWURZ", name: "Gewurztraminer", colour: "blanc", grapes: "Gewurztraminer", aromas: "rose, litchi, épices", cents: 1290, degree: 135, body: "corsé", tannins: "" },
    Wine { stem: "PINOT-GRIS", name: "Pinot Gris", colour: "blanc", grapes: "Pinot Gris", aromas: "miel, fruits jaunes", cents: 1250, degree: 135, body: "moyen", tannins: "" },
    Wine { stem: "PINOT-NOIR", name: "Pinot Noir", colour: "rouge", grapes: "Pinot Noir", aromas: "cerise, framboise", cents: 1390, degree: 130, body: "moyen", tannins: "souples" },
    Wine { stem: "CREMANT-BRUT", name: "Crémant d'Alsace Brut", colour: "mousseux", grapes: "Pinot Blanc, Auxerrois, Chardonnay", aromas: "brioche, pomme", cents: 1190, degree: 120, body: "léger", tannins: "" },
    Wine { stem: "PINOT-BLANC", name: "Pinot Blanc", colour: "blanc", grapes: "Pinot Blanc, Auxerrois", aromas: "pêche, pomme", cents: 890, degree: 120, body: "léger", tannins: "" },
    Wine { stem: "ROSE", name: "Rosé d'Alsace", colour: "rosé", grapes: "Pinot Noir", aromas: "fraise, groseille", cents: 990, degree: 125, body: "léger", tannins: "" },
    Wine { stem: "MUSCAT", name: "Muscat", colour: "blanc", grapes: "Muscat Ottonel, Muscat à petits grains", aromas: "raisin frais, menthe", cents: 1090, degree: 120, body: "léger", tannins: "" },
    Wine { stem: "SYLVANER", name: "Sylvaner", colour: "blanc", grapes: "Sylvaner", aromas: "citron, herbe fraîche", cents: 820, degree: 115, body: "léger", tannins: "" },
    Wine { stem: "CREMANT-ROSE", name: "Crémant d'Alsace Rosé", colour: "mousseux", grapes: "Pinot Noir", aromas: "fruits rouges", cents: 1290, degree: 120, body: "léger", tannins: "" },
    Wine { stem: "RIESLING-VT", name: "Riesling Vendanges Tardives", colour: "blanc", grapes: "Riesling", aromas: "mangue, miel", cents: 3400, degree: 120, body: "corsé", tannins: "" },
    Wine { stem: "GEWURZ-SGN", name: "Gewurztraminer Grains Nobles", colour: "blanc", grapes: "Gewurztraminer", aromas: "coing, fruits confits", cents: 4800, degree: 130, body: "corsé", tannins: "" },
    Wine { stem: "PINOT-NOIR-FUT", name: "Pinot Noir élevé en fût", colour: "rouge", grapes: "Pinot Noir", aromas: "mûre, vanille", cents: 2200, degree: 135, body: "corsé", tannins: "fermes" },
    Wine { stem: "MUSCAT-PERLANT", name: "Muscat perlant", colour: "pétillant", grapes: "Muscat Ottonel", aromas: "fleur d'oranger", cents: 950, degree: 85, body: "léger", tannins: "" },
    Wine { stem: "EDELZWICKER", name: "Edelzwicker", colour: "blanc", grapes: "Sylvaner, Chasselas, Riesling", aromas: "floral, fruits blancs", cents: 800, degree: 120, body: "léger", tannins: "" },
    Wine { stem: "RATAFIA", name: "Ratafia d'Alsace", colour: "fortifié", grapes: "Muscat Ottonel, Pinot Blanc", aromas: "raisin sec, noix", cents: 1850, degree: 175, body: "corsé", tannins: "" },
    Wine { stem: "VIN-CHAUD", name: "Vin chaud de l'Avent", colour: "autre", grapes: "Pinot Noir", aromas: "cannelle, orange", cents: 850, degree: 100, body: "moyen", tannins: "souples" },
    Wine { stem: "AUXERROIS", name: "Auxerrois", colour: "blanc", grapes: "Auxerrois", aromas: "abricot, amande", cents: 970, degree: 125, body: "moyen", tannins: "" },
    Wine { stem: "KLEVENER", name: "Klevener de Heiligenstein", colour: "blanc", grapes: "Savagnin rose", aromas: "rose, poire", cents: 1320, degree: 130, body: "moyen", tannins: "" },
    Wine { stem: "CHASSELAS", name: "Chasselas", colour: "blanc", grapes: "Chasselas", aromas: "noisette, tilleul", cents: 860, degree: 115, body: "léger", tannins: "" },
];

/// A cuvée: what it adds to the product key and to the name, and the price in percent of the plain one.
pub const CUVEES: &[(&str, &str, u64)] = &[
    ("", "", 100),
    ("-VV", " Vieilles Vignes", 130),
    ("-BRAND", " Grand Cru Brand", 205),
    ("-KAEFF", " Kaefferkopf", 170),
    ("-TRAD", " Tradition", 105),
    ("-RANGEN", " Grand Cru Rangen", 230),
    ("-BIO", " Biologique", 115),
    ("-SCHLOSS", " Grand Cru Schlossberg", 215),
    ("-TERROIR", " Terroir calcaire", 125),
    ("-GRANIT", " Terroir granitique", 125),
    ("-ALTENBERG", " Grand Cru Altenberg", 210),
    ("-RESERVE", " Réserve personnelle", 140),
];

/// The youngest vintage, and how many there are. All are older than the first sale.
pub const VINTAGES: (u64, u64) = (2021, 10);

/// A unit of sale, what it holds in sixths of a 75 cl bottle, the most of it that one sale takes, and its share of
/// sales in percent.
pub const UNITS: &[(&str, u64, u64, u64)] = &[
    ("bouteille", 6, 12, 58),
    ("carton de 6", 36, 3, 18),
    ("caisse de 12", 72, 2, 6),
    ("75 cl", 6, 12, 5),
    ("magnum", 12, 4, 5),
    ("37,5 cl", 3, 12, 4),
    ("50 cl", 4, 12, 3),
    ("jéroboam", 24, 2, 1),
];

/// Sales channels and their share of sales in percent.
pub const CHANNELS: &[(&str, u64)] =
    &[("boutique", 45), ("site web", 25), ("salon", 15), ("téléphone", 10), ("export", 5)];

/// Where stock lies.
pub const MAIN_WAREHOUSE: &str = "Principal";
/// Where some of it lies besides.
pub const OTHER_WAREHOUSES: &[&str] = &["Boutique", "Entrepôt Colmar", "Cave voûtée"];
