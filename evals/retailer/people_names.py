"""What invented customers are made of: names, their short forms, towns and area codes. No real person is meant."""

FIRST_NAMES = """
Aaliyah Aaron Abigail Adam Aditi Adriana Ahmed Aiko Alan Alejandro Alice Alicia Amara Amelia Amir Ana Andre Andrea
Angela Anita Anna Anthony Aria Arjun Asha Ava Beatriz Benjamin Bianca Brandon Brian Bridget Caleb Camila Carla
Carlos Caroline Catherine Cecilia Chen Chloe Christopher Claire Daniel Darius Deborah Deepa Derek Diana Diego
Dmitri Elena Eli Elijah Elizabeth Emily Emma Eric Esther Ethan Eva Farah Fatima Felix Fiona Gabriel Grace Hana
Hannah Hassan Hector Helen Henry Ibrahim Imani Ines Isaac Isabel Jacob Jada James Jamal Janet Jasmine Javier Jin
Joanna John Jonathan Jordan Jose Julia Kaito Karen Katherine Keisha Kenji Kevin Kwame Laila Laura Leah Leo Lily
Linh Lucas Lucia Luis Madison Malik Marcus Margaret Maria Mateo Matthew Maya Mei Michael Michelle Miguel Mina
Mohamed Monica Nadia Naomi Natalie Nathan Nia Nicholas Nina Noah Nora Olivia Omar Oscar Patricia Paul Pedro
Priya Rachel Rahul Ravi Rebecca Robert Rosa Ruth Samantha Samuel Sara Sebastian Sofia Sophia Stephen Sunita
Susan Tariq Teresa Thomas Tomas Valeria Victor Victoria Vikram William Xavier Yasmin Yuki Yusuf Zara Zoe
""".split()  # noqa: SIM905 - one name a line would fill two hundred lines
LAST_NAMES = """
Abbott Adeyemi Ahmadi Alvarez Andersen Arroyo Bailey Banerjee Barlow Beckett Bennett Bianchi Boateng Bowen Brandt
Bukowski Calloway Campbell Cardoso Castillo Chandra Chavez Choi Clarke Coleman Contreras Cooper Cruz Dalton Das
Delgado Desai Diallo Dixon Donovan Duarte Dubois Ellis Eriksen Espinoza Farouk Feldman Ferreira Fischer Flores
Foster Fujita Gallagher Garza Gibson Gomez Goncalves Goodwin Greene Gupta Gutierrez Haddad Hansen Harper Hassan
Hayashi Hendricks Herrera Hoffman Horvath Hughes Ibarra Ivanov Iyer Jacobs Jansen Jensen Joshi Kapoor Kaufman
Keller Kelly Khan Kim Kowalski Kumar Lambert Larsen Leclair Lee Lindgren Lopez Mahmoud Malone Marino Marsh Mbeki
McBride Mehta Mendoza Mensah Meyer Mitchell Molina Montoya Moreau Morgan Murphy Nakamura Navarro Nguyen Nielsen
Novak Obi Ochoa Okafor Olsen Ortega Osborne Owens Pacheco Park Patel Pereira Petrov Pham Pierce Quinn Ramirez
Rao Reyes Rhodes Rivera Romano Rosen Rossi Salazar Santos Sato Schmidt Schultz Shah Sharma Silva Singh Soto
Stewart Suzuki Takahashi Tanaka Thompson Torres Tran Tucker Vargas Vasquez Vega Volkov Wagner Wallace Walsh Wang
Watanabe Weber Whitfield Williams Wong Wright Yamamoto Yang Yilmaz Young Zamora Zhang Zimmerman
""".split()  # noqa: SIM905 - one name a line would fill two hundred lines
SHORT_FORMS = {
    "Abigail": "Abby",
    "Alejandro": "Alex",
    "Alexander": "Alex",
    "Anthony": "Tony",
    "Benjamin": "Ben",
    "Catherine": "Cathy",
    "Christopher": "Chris",
    "Daniel": "Dan",
    "Deborah": "Debbie",
    "Elizabeth": "Liz",
    "Isabel": "Izzy",
    "Jacob": "Jake",
    "James": "Jim",
    "Jonathan": "Jon",
    "Katherine": "Kate",
    "Margaret": "Maggie",
    "Matthew": "Matt",
    "Michael": "Mike",
    "Nicholas": "Nick",
    "Patricia": "Pat",
    "Rebecca": "Becky",
    "Robert": "Rob",
    "Samantha": "Sam",
    "Samuel": "Sam",
    "Stephen": "Steve",
    "Thomas": "Tom",
    "Victoria": "Vicky",
    "William": "Will",
}
TOWNS: dict[str, tuple[str, ...]] = {
    "CO": ("Denver", "Boulder", "Aurora", "Lakewood"),
    "NY": ("New York", "Brooklyn", "Queens", "Yonkers"),
    "MA": ("Boston", "Cambridge", "Somerville", "Quincy"),
    "IL": ("Chicago", "Evanston", "Oak Park", "Cicero"),
    "NJ": ("Newark", "Hoboken", "Jersey City", "Montclair"),
    "WA": ("Seattle", "Bellevue", "Tacoma", "Renton"),
    "OR": ("Portland", "Beaverton", "Gresham", "Salem"),
}
AREA_CODES: dict[str, tuple[str, ...]] = {
    "CO": ("303", "720", "970"),
    "NY": ("212", "347", "646", "718", "917"),
    "MA": ("339", "617", "781", "857"),
    "IL": ("312", "630", "708", "773"),
    "NJ": ("201", "551", "862", "973"),
    "WA": ("206", "253", "425"),
    "OR": ("503", "541", "971"),
}
MAIL_DOMAINS = ("example.com", "example.net", "example.org")  # reserved: no mail can reach anybody (RFC 2606)
