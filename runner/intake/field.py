"""The names that people and tools give to what is known of a person, in the languages of the lists.

They are the words of merge fields: `first name`, `Vorname`, `FNAME`. Spellings of one meaning stand
together, so that a field of another tool can be answered with the column that the sheet has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from runner.intake.column import normalise

_MEANINGS: Final = {
    "first name": (
        "firstname, fname, fn, given name, forename, preferred name, nickname, vorname, rufname, "
        "prénom, prenom, nombre, primer nombre, nombre de pila, nome, primeiro nome, voornaam, "
        "förnamn, fornavn, etunimi, imię, imie, jméno, jmeno, krstné meno, ad, adı, имя, "
        "keresztnév, prenume, όνομα, ім'я"
    ),
    "last name": (
        "lastname, lname, ln, surname, family name, sur name, nachname, familienname, zuname, nom, "
        "nom de famille, apellido, apellidos, cognome, sobrenome, apelido, achternaam, efternamn, "
        "etternavn, efternavn, sukunimi, nazwisko, příjmení, prijmeni, soyad, soyadı, фамилия, "
        "vezetéknév, nume, επώνυμο, прізвище"
    ),
    "name": (
        "full name, fullname, contact name, lead name, recipient name, prospect name, person name, "
        "client name, customer name, user name, username, candidate name, friend name, "
        "vollständiger name, ganzer name, ansprechpartner, nom complet, nombre completo, nome "
        "completo, nome e cognome, volledige naam, naam, namn, navn, nimi, nazwa, ФИО, 名前, "
        "お名前, 氏名, "
        "姓名, 이름, 성명"
    ),
    "salutation": (
        "greeting, prefix, honorific, name prefix, mr mrs, anrede, briefanrede, titel, civilité, "
        "civilite, tratamiento, saludo, saluto, titolo, tratamento, aanhef, hälsning, tiltale"
    ),
    "company": (
        "company name, companyname, current company, company_name, organisation, organization, "
        "organization name, account name, employer, firm, business, business name, "
        "firma, firmenname, unternehmen, unternehmensname, arbeitgeber, betrieb, entreprise, "
        "société, societe, nom de l'entreprise, empresa, compañía, compania, compañia, nombre de "
        "la empresa, azienda, società, societa, nome azienda, companhia, nome da empresa, bedrijf, "
        "bedrijfsnaam, företag, foretag, virksomhed, yritys, spółka, společnost, şirket, компания, "
        "cég, companie, εταιρεία, 会社, 会社名, 公司, 公司名称, 회사, 회사명"
    ),
    "position": (
        "title, job title, jobtitle, occupation, current position, current title, "
        "designation, headline, funktion, stelle, berufsbezeichnung, beruf, poste, "
        "fonction, intitulé du poste, cargo, puesto, ruolo, posizione, posição, funzione, functie, "
        "functietitel, befattning, stilling, stanowisko, pozice, должность, pozisyon"
    ),
    "industry": (
        "sector, branche, industrie, secteur, industria, settore, setor, bransch, branża, отрасль"
    ),
    "city": (
        "town, location, region, stadt, standort, wohnort, ville, lieu, ciudad, "
        "ubicación, città, citta, luogo, cidade, localização, stad, plaats, miasto, město, город, "
        "şehir"
    ),
    "country": ("country name, pays, país, pais, paese, kraj, země, страна, ülke, bundesland"),
    "email": (
        "e-mail, email address, mail, e-mail-adresse, emailadresse, mailadresse, courriel, adresse "
        "e-mail, correo, correo electrónico, posta elettronica, endereço de email, e-mailadres"
    ),
    "phone": (
        "phone number, mobile, telephone, telefon, telefonnummer, téléphone, teléfono, telefono, "
        "telefone, telefoon, телефон"
    ),
    "website": (
        "company website, link, homepage, webseite, internetseite, site web, sitio "
        "web, sito web, calendar link, booking link, meeting link, calendly, profile url, linkedin "
        "url, linkedin"
    ),
    "school": "university, college, education, universität, hochschule, université, universidad",
    "date": (
        "day, weekday, today, month, datum, tag, wochentag, monat, uhrzeit, date du "
        "jour, fecha, día, giorno, giorno della settimana, jour"
    ),
    "icebreaker": (
        "ice breaker, personalization, personalisation, personalized line, personalised line, "
        "first line, intro line, opening line, opener, compliment, custom line, custom message, "
        "snippet, snippet1, snippet2, custom, custom1, custom2, custom3, custom field, placeholder "
        "field, var1, field1, ps line, postscript, aufhänger, eisbrecher, accroche, "
        "rompehielos, rompighiaccio, pain point, painpoint, use case, product, product name, "
        "topic, reason"
    ),
    "sender": (
        "sender name, senders name, sender first name, sender firstname, sender full name, my "
        "name, my company, sender company, signature, unsubscribe, unsubscribe link, absender, "
        "absendername, mein name, signatur, expéditeur, mon nom, remitente, mi nombre, firma "
        "remitente, mittente, mio nome, owner name, user signature"
    ),
}
# Words that stand before a field's name where somebody wrote it by hand: `[your first name]`.
_BEFORE: Final = frozenset(
    word
    for words in (
        "insert enter add put your their his her my our the recipient recipients prospect",
        "prospects lead leads contact contacts hier bitte einfügen ihr ihre dein deine mein meine",
        "der die das votre ton ta mon ma le la les insérer su tu mi el insertar il tuo suo mio",
        "inserisci seu sua meu uw jouw mijn",
    )
    for word in words.split()
)
_OBJECT: Final = re.compile(r"[.:!]")
_MEANING: Final = {
    normalise(spelling): meaning
    for meaning, spellings in _MEANINGS.items()
    for spelling in (meaning, *spellings.split(", "))
}


def meaning(name: str) -> str | None:
    """Return what a field of this name means, `first name` say, or None for an unknown name.

    Words before it (`your first name`) do not count, and neither does the object that some tools
    name before it (`contact.firstname`, `data:firstname`).
    """
    words = _OBJECT.split(name)[-1].replace("’", "'").split()
    while len(words) > 1 and words[0].casefold() in _BEFORE:
        words = words[1:]
    return _MEANING.get(normalise("".join(words)))


def column_for(name: str, headers: Iterable[str]) -> str | None:
    """Return the header that a field of this name most surely means: its own, or one that means
    the same."""
    wanted, named = normalise(name), list(headers)
    for header in named:
        if normalise(header) == wanted:
            return header
    means = meaning(name)
    return next((header for header in named if means and meaning(header) == means), None)
