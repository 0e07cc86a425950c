//! Clean records: clients, products, sales and stock of a made-up winery, each made from its number alone. `dirt`
//! spoils some of them.

use chrono::{Days, NaiveDate};

use super::Encoding;
use super::random::Random;
use super::words::{
    CHANNELS, CUVEES, DOMAINS, FIRST_NAMES, LAST_NAMES, MAIN_WAREHOUSE, OTHER_WAREHOUSES, REMARKS, TOWNS, TOWNS_ABROAD,
    UNITS, VINTAGES, WINES,
};

/// The columns of `clients`, by name.
pub mod client {
    pub const CODE: usize = 0;
    pub const NAME: usize = 1;
    pub const EMAIL: usize = 2;
    pub const PHONE: usize = 3;
    pub const MOBILE: usize = 4;
    pub const POSTAL_CODE: usize = 5;
    pub const CITY: usize = 6;
    pub const COUNTRY: usize = 7;
    pub const REFUSAL: usize = 8;
    pub const CREATED: usize = 9;
    pub const REMARKS: usize = 10;
}

/// The columns of `produits`, by name.
pub mod product {
    pub const KEY: usize = 0;
    pub const NAME: usize = 1;
    pub const COLOUR: usize = 2;
    pub const PRICE: usize = 3;
    pub const VINTAGE: usize = 7;
    pub const REGION: usize = 8;
    pub const DEGREE: usize = 9;
}

/// The columns of `ventes`, by name.
pub mod sale {
    pub const CODE: usize = 0;
    pub const CLIENT: usize = 1;
    pub const PRODUCT: usize = 2;
    pub const DATE: usize = 3;
    pub const QUANTITY: usize = 4;
    pub const UNIT: usize = 5;
    pub const UNIT_PRICE: usize = 6;
    pub const TOTAL: usize = 7;
    pub const CHANNEL: usize = 8;
}

/// The columns of `stock`, by name.
pub mod stock {
    pub const PRODUCT: usize = 0;
    pub const WAREHOUSE: usize = 1;
    pub const QUANTITY: usize = 2;
    pub const UNIT: usize = 3;
    pub const RESERVED: usize = 4;
    pub const DATE: usize = 5;
}

/// One record on its way to a file.
#[derive(Clone, Default)]
pub struct Record {
    /// The texts of its fields.
    pub cells: Vec<String>,
    /// The field that is written without the quotes that it would need.
    pub raw: Option<usize>,
}

impl Record {
    fn start(&mut self, width: usize) {
        self.cells.resize_with(width, String::new);
        self.cells.iter_mut().for_each(String::clear);
        self.raw = None;
    }

    /// Replaces the text of one field.
    pub fn set(&mut self, column: usize, text: impl AsRef<str>) {
        let cell = &mut self.cells[column];
        cell.clear();
        cell.push_str(text.as_ref());
    }
}

/// A product as sales and stock need to know it.
struct Product {
    key: String,
    name: String,
    wine: usize,
    vintage: u64,
    price_cents: u64,
    cost_cents: u64,
}

/// Everything that records refer to.
pub struct World {
    /// The seed of all random numbers.
    pub seed: u64,
    /// How many clients there are.
    pub clients: u64,
    /// How many sales there are.
    pub sales: u64,
    /// How many products there are.
    pub products: u64,
    /// How many lines of stock there are.
    pub stock: u64,
    encoding: Encoding,
    catalogue: Vec<Product>,
    days: Vec<String>,
}

const CLIENTS: u64 = 1;
const PRODUCTS: u64 = 2;
const SALES: u64 = 3;
const STOCK: u64 = 4;

/// Every so many-th product is sold nearly at cost, so that a discount makes a loss.
const THIN_EVERY: u64 = 20;
const THIN_OFFSET: u64 = 13;
/// Every so many-th client refuses e-mails, and buys nothing.
const REFUSAL_EVERY: u64 = 33;
const REFUSAL_OFFSET: u64 = 5;
/// Days are counted from 1 January 2022, on which the winery's files begin.
const LAST_DAY: u64 = 1413; // 14 November 2025, the Friday before the exports
const FIRST_SALE_DAY: u64 = 31;
/// Clients of the first days, taken over from the system before, in percent.
const TAKEN_OVER: u64 = 40;

impl World {
    /// A world in which `sales` lines were sold.
    pub fn new(seed: u64, sales: u64, encoding: Encoding) -> Self {
        let products = (sales / 50).clamp(80, 2000);
        let catalogue = (0..products).map(|number| made_product(seed, number)).collect();
        let first = NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or_default();
        let days = (0..=LAST_DAY + 3).map(|day| (first + Days::new(day)).format("%d/%m/%Y").to_string()).collect();
        World {
            seed,
            clients: (sales / 10).max(50),
            sales,
            products,
            stock: products * 3 / 2,
            encoding,
            catalogue,
            days,
        }
    }

    /// Makes the client of that number. Numbers from `clients` up are nobody's customers.
    pub fn client(&self, number: u64, record: &mut Record) {
        record.start(11);
        let mut random = Random::new(self.seed, CLIENTS, number);
        let [code, name, email, phone, mobile, postal_code, city, country, refusal, created, remarks] =
            &mut record.cells[..]
        else {
            return;
        };
        push_client_code(code, number);
        let (first, last) = (random.one_of(FIRST_NAMES), random.one_of(LAST_NAMES));
        name.push_str(first);
        name.push(' ');
        name.push_str(last);
        push_ascii(email, first);
        email.push('.');
        push_ascii(email, last);
        push_number(email, number + 1);
        email.push('@');
        if random.chance(85) {
            let town = random.one_of(TOWNS);
            email.push_str(random.one_of::<&str>(DOMAINS));
            if random.chance(90) {
                phone.push('0');
                phone.push(town.zone);
                push_pattern(phone, if random.chance(50) { " 8# ## ## ##" } else { " 4# ## ## ##" }, &mut random);
            }
            if random.chance(65) {
                push_pattern(mobile, if random.chance(80) { "06 1# ## ## ##" } else { "07 8# ## ## ##" }, &mut random);
            }
            postal_code.push_str(town.postal_code);
            city.push_str(town.name);
            country.push_str("France");
        } else {
            let town = random.one_of(TOWNS_ABROAD);
            email.push_str(town.domain);
            push_pattern(phone, town.phone, &mut random);
            if random.chance(50) {
                push_pattern(mobile, town.mobile, &mut random);
            }
            postal_code.push_str(town.postal_code);
            city.push_str(town.name);
            country.push_str(town.country);
        }
        refusal.push_str(if refuses(number) { "oui" } else { "non" });
        created.push_str(&self.days[self.created(number) as usize]);
        if random.chance(10) {
            remarks.push_str(random.one_of::<&str>(REMARKS));
        }
    }

    /// Makes the product of that number. Numbers from `products` up are neither sold nor in stock.
    pub fn product(&self, number: u64, record: &mut Record) {
        record.start(12);
        let product = made_product(self.seed, number);
        let wine = &WINES[product.wine];
        let [key, name, colour, price, cost, grapes, aromas, vintage, region, degree, body, tannins] =
            &mut record.cells[..]
        else {
            return;
        };
        key.push_str(&product.key);
        name.push_str(&product.name);
        colour.push_str(wine.colour);
        self.push_cents(price, product.price_cents, number);
        self.push_cents(cost, product.cost_cents, number);
        grapes.push_str(wine.grapes);
        aromas.push_str(wine.aromas);
        push_number(vintage, product.vintage);
        region.push_str("Alsace");
        push_number(degree, wine.degree / 10);
        degree.push(',');
        push_number(degree, wine.degree % 10);
        body.push_str(wine.body);
        tannins.push_str(wine.tannins);
    }

    /// Makes the sale of that number. Sales are in the order of their dates.
    pub fn sale(&self, number: u64, record: &mut Record) {
        record.start(9);
        let mut random = Random::new(self.seed, SALES, number);
        let day = self.sale_day(number);
        let buyer = self.buyer(day, &mut random);
        // Some wines sell better than others.
        let among = random.below(self.products) + 1;
        let product = random.below(among);
        let (unit, sixths, most, _) = weighted(UNITS, &mut random, |entry| entry.3);
        let quantity = 1 + random.below(*most);
        let percent = if is_thin(product) { 100 } else { [100, 100, 100, 95, 90][random.below(5) as usize] };
        let channel = weighted(CHANNELS, &mut random, |entry| entry.1).0;
        push_sale_code(&mut record.cells[sale::CODE], number);
        push_client_code(&mut record.cells[sale::CLIENT], buyer);
        record.set(sale::PRODUCT, &self.catalogue[product as usize].key);
        record.set(sale::DATE, &self.days[day as usize]);
        record.set(sale::UNIT, unit);
        record.set(sale::CHANNEL, channel);
        let unit_cents = self.unit_cents(product, *sixths, percent);
        self.price_sale(record, number, quantity, unit_cents);
    }

    /// Writes quantity, unit price and their product into a sale.
    pub fn price_sale(&self, record: &mut Record, number: u64, quantity: u64, unit_cents: u64) {
        for column in [sale::QUANTITY, sale::UNIT_PRICE, sale::TOTAL] {
            record.cells[column].clear();
        }
        self.push_thousands(&mut record.cells[sale::QUANTITY], quantity, number);
        self.push_cents(&mut record.cells[sale::UNIT_PRICE], unit_cents, number);
        self.push_cents(&mut record.cells[sale::TOTAL], quantity * unit_cents, number);
    }

    /// Makes the line of stock of that number: every product in the main warehouse, then every second one elsewhere.
    pub fn stock(&self, number: u64, record: &mut Record) {
        record.start(6);
        let mut random = Random::new(self.seed, STOCK, number);
        let product = if number < self.products { number } else { (number - self.products) * 2 % self.products };
        record.set(stock::PRODUCT, &self.catalogue[product as usize].key);
        let (warehouse, most) = match number < self.products {
            true => (MAIN_WAREHOUSE, 2400),
            false => (OTHER_WAREHOUSES[(product / 2) as usize % OTHER_WAREHOUSES.len()], 600),
        };
        record.set(stock::WAREHOUSE, warehouse);
        let (unit, part) = if random.chance(80) { ("bouteille", 1) } else { ("carton de 6", 6) };
        record.set(stock::UNIT, unit);
        let quantity = (30 + random.below(most)) / part;
        self.push_thousands(&mut record.cells[stock::QUANTITY], quantity, number);
        let reserved = random.below(quantity / 5 + 1);
        self.push_thousands(&mut record.cells[stock::RESERVED], reserved, number);
        record.set(stock::DATE, &self.days[(LAST_DAY - random.below(5)) as usize]);
    }

    /// A product that is sold nearly at cost: its key, and the price of a bottle in cents.
    pub fn thin_product(&self, nth: u64) -> (&str, u64) {
        let number = THIN_OFFSET + nth % (self.products / THIN_EVERY) * THIN_EVERY;
        let product = &self.catalogue[number as usize];
        (&product.key, product.price_cents)
    }

    /// The price of a bottle of the product of that key, in cents.
    pub fn price_of(&self, key: &str) -> u64 {
        self.catalogue.iter().find(|product| product.key == key).map_or(0, |product| product.price_cents)
    }

    /// A client who refuses e-mails and was there before the sale of that number.
    pub fn refusing_client(&self, sale: u64) -> u64 {
        let there = self.clients_on(self.sale_day(sale)).max(REFUSAL_OFFSET + 1);
        let nth = (there - REFUSAL_OFFSET - 1) / REFUSAL_EVERY;
        (sale % (nth + 1)) * REFUSAL_EVERY + REFUSAL_OFFSET
    }

    fn sale_day(&self, number: u64) -> u64 {
        (FIRST_SALE_DAY + number * (LAST_DAY - FIRST_SALE_DAY) / self.sales).min(LAST_DAY)
    }

    fn created(&self, client: u64) -> u64 {
        let taken_over = self.clients * TAKEN_OVER / 100;
        match client.checked_sub(taken_over) {
            None => 2,
            Some(later) => (2 + later * (LAST_DAY - 2) / (self.clients - taken_over)).min(LAST_DAY),
        }
    }

    /// How many clients there are at the end of that day, or slightly fewer.
    fn clients_on(&self, day: u64) -> u64 {
        let taken_over = self.clients * TAKEN_OVER / 100;
        taken_over + (self.clients - taken_over) * day.saturating_sub(2) / (LAST_DAY - 2)
    }

    /// Half of the sales go to anybody, half mostly to regular customers.
    fn buyer(&self, day: u64, random: &mut Random) -> u64 {
        let there = self.clients_on(day);
        let anybody = random.below(there);
        let client = if random.chance(50) { anybody } else { random.below(anybody + 1) };
        match refuses(client) {
            true => client - 1,
            false => client,
        }
    }

    fn unit_cents(&self, product: u64, sixths: u64, percent: u64) -> u64 {
        (self.catalogue[product as usize].price_cents * sixths * percent + 300) / 600
    }

    fn push_cents(&self, text: &mut String, cents: u64, number: u64) {
        self.push_thousands(text, cents / 100, number);
        text.push(',');
        text.push((b'0' + (cents / 10 % 10) as u8) as char);
        text.push((b'0' + (cents % 10) as u8) as char);
    }

    /// Windows-1252 has one no-break space; in UTF-8 every other record is written with the narrow one.
    fn push_thousands(&self, text: &mut String, value: u64, number: u64) {
        if value < 1000 {
            return push_number(text, value);
        }
        self.push_thousands(text, value / 1000, number);
        text.push(match self.encoding {
            Encoding::Utf8 if number.is_multiple_of(2) => '\u{202f}',
            _ => '\u{a0}',
        });
        push_padded(text, value % 1000, 3);
    }
}

fn made_product(seed: u64, number: u64) -> Product {
    let wines = WINES.len() as u64;
    let (wine, age, round) = (number % wines, number / wines % VINTAGES.1, number / (wines * VINTAGES.1));
    let made = &WINES[wine as usize];
    // Shifted per wine and vintage, so that even a short catalogue has some of every cuvée of the still whites.
    let shift = if made.colour == "blanc" { wine + age } else { 0 };
    let (suffix, words, percent) = CUVEES[((round + shift) % CUVEES.len() as u64) as usize];
    // When all cuvées of all vintages are taken, further ones are told apart by their lot.
    let (lot, lot_words) = match number / (wines * VINTAGES.1 * CUVEES.len() as u64) {
        0 => (String::new(), String::new()),
        lot => (format!("-L{lot}"), format!(" lot {lot}")),
    };
    let vintage = VINTAGES.0 - age;
    let price_cents = (made.cents * percent * (100 + 3 * age) / 10_000).next_multiple_of(10);
    let cost_percent = if is_thin(number) { 92 } else { 38 + Random::new(seed, PRODUCTS, number).below(13) };
    Product {
        key: format!("{}{suffix}{lot}-{vintage}-75CL", made.stem),
        name: format!("{}{words}{lot_words} {vintage}", made.name),
        wine: wine as usize,
        vintage,
        price_cents,
        cost_cents: price_cents * cost_percent / 100,
    }
}

fn is_thin(product: u64) -> bool {
    product % THIN_EVERY == THIN_OFFSET
}

/// Whether the client of that number refuses e-mails.
pub fn refuses(client: u64) -> bool {
    client % REFUSAL_EVERY == REFUSAL_OFFSET
}

fn weighted<'a, T>(entries: &'a [T], random: &mut Random, weight: fn(&T) -> u64) -> &'a T {
    let mut left = random.below(entries.iter().map(weight).sum());
    for entry in entries {
        match left.checked_sub(weight(entry)) {
            Some(rest) => left = rest,
            None => return entry,
        }
    }
    &entries[0]
}

/// Appends the code of a client.
pub fn push_client_code(text: &mut String, client: u64) {
    text.push('C');
    push_padded(text, client + 1, 7);
}

fn push_sale_code(text: &mut String, sale: u64) {
    text.push('V');
    push_padded(text, sale + 1, 8);
}

fn push_number(text: &mut String, value: u64) {
    push_padded(text, value, 1);
}

fn push_padded(text: &mut String, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let (mut start, mut left) = (digits.len(), value);
    while left > 0 || digits.len() - start < width {
        start -= 1;
        digits[start] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    text.extend(digits[start..].iter().map(|digit| *digit as char));
}

fn push_pattern(text: &mut String, pattern: &str, random: &mut Random) {
    text.extend(pattern.chars().map(|c| match c {
        '#' => (b'0' + random.below(10) as u8) as char,
        other => other,
    }));
}

/// Appends a name as it stands in an e-mail address: small letters without accents.
fn push_ascii(text: &mut String, name: &str) {
    text.extend(name.chars().map(|c| match c {
        'é' | 'è' | 'ê' | 'ë' | 'É' => 'e',
        'à' | 'â' | 'ä' => 'a',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        other => other.to_ascii_lowercase(),
    }));
}
