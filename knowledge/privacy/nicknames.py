"""Short forms people go by, so that a customer known by a full name is found by the other."""

from typing import Final

_GROUPS: Final = """
william will bill billy liam willie
robert rob bob bobby robbie bert
richard rich rick ricky dick
elizabeth elisabeth liz beth eliza betty lizzie libby lisa betsy ellie
margaret maggie peggy meg marge greta margie
katherine catherine kathryn kate katie kathy cathy kat kitty cate kath katy
james jim jimmy jamie
john jack johnny jon
jonathan jon johnny nathan
joseph joe joey
michael mike mikey mick mickey
thomas tom tommy
christopher chris kit topher
christine christina chris tina chrissy kristin
nicholas nick nicky nico
nicole nicky nikki
anthony tony ant
alexander alex al sandy xander sasha
alexandra alex sandra lexi sasha alexa
andrew andy drew
daniel dan danny
david dave davy
edward ed eddie ted ned teddy
benjamin ben benji benny
samuel sam sammy
samantha sam sammy
matthew matt matty
patricia pat patty tricia trish
patrick pat paddy
jennifer jen jenny jenn
jessica jess jessie
stephanie steph stevie
susan sue suzy susie
suzanne sue suzy
deborah deb debbie
rebecca becca becky
victoria vicky tori vic
victor vic
theodore ted theo teddy
timothy tim timmy
gregory greg
geoffrey geoff
jeffrey jeff
kenneth ken kenny
lawrence larry laurie
leonard len leo lenny
peter pete
philip phil
phillip phil
raymond ray
ronald ron ronnie
stephen steve stevie
steven steve stevie
francisco paco pancho fran
francis frank fran
frances fran frannie
jose pepe
guadalupe lupe
mohammed mo mohamed muhammad mohammad mohamad
johannes hans jo
maria mia marie
charles charlie chuck chas
charlotte charlie lottie
henry harry hank
harold harry hal
donald don donnie
douglas doug
frederick fred freddy freddie
gerald gerry jerry
abigail abby gail
amanda mandy
barbara barb babs
dorothy dot dottie
eleanor ellie nora nell
emily em emmy
gabriel gabe
gabriella gabby
isabella bella izzy
isabel bella izzy
jacqueline jackie
joshua josh
josephine jo josie
judith judy
kimberly kim
madeline maddie
melissa mel missy
natalie nat
nathaniel nate nat
olivia liv livvy
pamela pam
rachel rach
sarah sally sadie
teresa terry tess
theresa terry tess
valerie val
vincent vince vinny
walter walt wally
zachary zach zack
albert al bert
alfred alf fred
arthur art
oliver ollie
maximilian max
sebastian seb bastian
ignacio nacho
roberto beto
alberto beto
eduardo lalo edu
enrique kike quique
concepcion concha
dolores lola
rosario charo
giuseppe beppe peppe
giovanni gianni
aleksandr sasha alex
dmitri dima
ekaterina katya
anastasia nastya
mikhail misha
vladimir vova
wolfgang wolf
friedrich fritz
heinrich heinz
"""


def _read() -> dict[str, frozenset[str]]:
    """Every name of a group stands for every other one that is in a group with it at its head."""
    found: dict[str, set[str]] = {}
    for line in _GROUPS.strip().splitlines():
        head, *others = line.split()
        found.setdefault(head, set()).update(others)
        for other in others:
            found.setdefault(other, set()).add(head)
    return {name: frozenset(others) for name, others in found.items()}


NICKNAMES: Final = _read()
