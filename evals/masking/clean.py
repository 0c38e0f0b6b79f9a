"""Lines a shop writes all day with nobody in them: how much of them is hidden by mistake. Written for this project."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.spans import Span

# What the retailer's catalog and its list of locations would say.
PHRASES: Final = (
    "Rose gold necklace",
    "Hazel wood frame",
    "Victoria sponge mold",
    "Kate Spade",
    "Levi's",
    "Marc Jacobs",
    "Jack Wolfskin",
    "Olive chinos",
    "Charlotte wrap dress",
    "Hudson parka",
    "Amber reed diffuser",
    "Pepper mill, Grace series",
    "Mason jar lantern",
    "Oscar de la Renta",
    "Carolina Herrera",
    "Florence tote",
    "Riverside",
    "Harbour Street",
    "Birmingham",
    "Leeds",
)
LINES: Final = tuple(
    """
Rose gold necklace, 45 cm, three left in the window
Will it ship in May or June?
May we reserve two for the weekend?
Mark down the polo by 20% from Friday
Kate Spade tote bag, size M, restocked
order 3 of 12, total $1,299.00
SKU PROD_001 qty 24 at $29.99
Love that tee! Try our new jeans for 15% off.
Trail boots viewed online 5 times this week
safety stock 120, reorder point 80, lead time 7 days
sales up 12.5% vs 2025-11-22
Olive chinos 32x34 low stock in store 12
Levi's 501 jeans, dark wash, 3 pairs
Price match: 15 % off SKU 84029E
Returned twice, size M / Blue
The customer compared two prices and left
Margin stays above the floor after the discount
Discount of 8.00 EUR is over the limit for one order
Transfer 24 units of TEE-0042 from the warehouse
Count of PROD_017 is off by 6 since Tuesday
Stock expected on 2026-04-03, 40 units incoming
Forecast for next week: 312 units, interval 280 to 350
Cycle count done in aisle 4
Fitting room queue is long on Saturdays
The till in the back is down again
Charlotte wrap dress runs small, order a size up
Hudson parka sold out in navy and charcoal
Amber reed diffuser smells stronger than the candle
Mason jar lantern broke in transit
Pepper mill, Grace series, back in stock
Jack Wolfskin socks, pack of three, wrong color
Marc Jacobs display moves to the front
Oscar de la Renta sample arrived damaged
Florence tote in sand, 12 ordered, 10 received
Hazel wood frame, 20 by 30, two scratched
Store credit issued, see the receipt
Refund goes back to the original card
Return window expired four days ago
Too small, wants the next size
Changed my mind, unopened
Gift wrap for two parcels please
Where is my order? It was due on Monday.
How do I wash the merino sweater?
Is the parka waterproof or only water repellent?
Does the warranty cover the zip?
What time do you open on Sunday?
Can I return it in another store?
Please cancel the second line of my order
I was charged twice for one candle
My loyalty points are missing since last week
The code SPRING20 does not work at checkout
Do you price match with other shops?
The sleeves are too long
It broke after two days
Five stars, would buy again
Fast delivery, nice box
Terrible service, never again
Great quality for the money
Not as shown in the picture
Runs large, color is lovely
Customer prefers olive and sage, budget about $150
High value basket, offer 10% on the scarf
Frequent buyer of running shoes, last visit 12 days ago
Segment of weekend shoppers responds to free shipping
Recommend the belt with the chinos
Bestsellers this week: parka, tee, beanie, tote
Wishlist: coral scarf, jade ring, ivory blouse
Summer collection arrives in April, autumn in August
The violet and lavender soaps sell together
Ruby, amber and jade earrings 20% off until Sunday
Ginger and cinnamon candle, 200 g
Sienna sandals restock in week 23
Pearl buttons missing on the cardigan
Ivory and sage throw pillows, set of two
Window theme for March: green and gold
Promo starts Thursday at 9am and ends Sunday at 6pm
Two for one on socks while supplies last
Shift 9 to 5 with a break at 1
Two people short on Saturday afternoon
Handover: deposit counted, safe locked, lights off
Delivery window 2pm to 4pm at the loading dock
Pallet 7 of 9 unloaded, two boxes damaged
Label printer out of paper at register 3
Riverside wants 30 more beanies
Harbour Street is out of size 38
Birmingham to Leeds transfer approved, 18 units
Lead time from the supplier is 14 days, minimum order 50
Purchase order approved, cost 1,240.00 EUR
Unit cost unknown, a manager must look
Promotion overlaps with the clearance sale
Price change from 49.90 to 39.90 takes effect tomorrow
Approved because the limit of 15% is not reached
Denied: the daily total of the location is used up
Held for review: amount unusually high for this register
Same goods, same price, second attempt
Duplicate webhook ignored, nothing changed
Inventory level updated: available 12, committed 3
Webhook order.paid handled in 41 ms
{"sku": "TEE-0042", "qty": 2, "price": "29.90"}
status=paid channel=pos amount=4900 currency=EUR
Version 2.4.1 installed, restart after closing
Check the seal of the jar before you sell it
Do not tumble dry, iron on low
Made of organic cotton and recycled polyester
Fits waist 32 to 34, inseam 32
Battery lasts 10 hours, charges in 2
Weight 1.2 kg, height 45 cm, depth 20 cm
Contains almonds and may contain traces of nuts
Keep refrigerated after opening
Assembly takes 20 minutes with two people
Grace period for returns is 30 days
We hope to have it back by the end of the month
A joy to wear, soft and light
Bill the shipping to the store account
Please drop the price before the weekend
Art prints and frames move to the second floor
Black Friday plan: doors at 7, staff at 6
Gift cards cannot be exchanged for cash
""".strip().splitlines()
)


@dataclass(frozen=True, slots=True)
class OverMasking:
    """Shares between 0 and 1: of letters and digits hidden, and of lines with anything hidden."""

    letters: float
    lines: float


def over_masking(find: Callable[[str], Sequence[Span]]) -> OverMasking:
    """How much of the clean lines is hidden."""
    letters = hidden = touched = 0
    for line in LINES:
        found = find(line)
        touched += bool(found)
        letters += sum(letter.isalnum() for letter in line)
        hidden += sum(line[place].isalnum() for span in found for place in range(span.start, span.end))
    return OverMasking(hidden / letters, touched / len(LINES))


def phrases() -> AllowPhrases:
    """The retailer's own words for these lines."""
    return AllowPhrases(PHRASES)
