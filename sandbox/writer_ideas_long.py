"""More ideas for the writer: keeping at it. Notation: see writer_ideas."""

from __future__ import annotations

from sandbox.writer_ideas import Idea

LONG_RUN = (
    Idea(
        do=("Review it every single week", "Hold a ten-minute review"),
        trap=("Never looking back", "Repeating the same week"),
        ask=("When did you last review?", "What did last week teach?"),
        themes=("quiet lake reflecting mountains", "desk lamp over evening notes", "circle of stones at dusk"),
        why=(
            "Without a [pause|look back], you can repeat the same week of {K} [fifty|forty] times and call it [experience|a year].",
            "[Lessons|Insights] about {S} [evaporate|fade] by [Monday|the weekend] unless somebody [catches|writes down] them.",
        ),
        how=(
            "Each Friday, answer three questions: what [worked|helped], what [hurt|dragged], what [changes next|comes next].",
            "Take ten minutes, [one page|one pen], and end with [a single|one] change for the [coming|next] week.",
        ),
        prose=(
            "A weekly review is the cheapest [teacher|adviser] that {S} will ever have.",
            "Sit down for ten minutes and answer what went [well|better than expected], what did not, and what you will [change|try].",
            "The [discipline|trick] is to leave with one change rather than [seven|a list].",
            "[Keep the pages together|Store the answers in one place], because patterns [appear|show] only when you read [a month|several] in a row.",
            "You will [notice|discover] that the same [complaint|obstacle] returns in different [clothes|words].",
            "That is the one to [solve|work on] next, and [nothing else|no clever guess] would have [found|told] you so [cheaply|clearly].",
        ),
    ),
    Idea(
        do=("Find a partner in this", "Make a promise to someone"),
        trap=("Going it entirely alone", "Keeping your promise secret"),
        ask=("Who will notice you stopped?", "Who is in this with you?"),
        themes=("two cyclists on coastal road", "pair of birds in flight", "rope joining two climbers"),
        why=(
            "[Promises|Deals] made to yourself about {K} are [easy to renegotiate|quietly rewritten] at [ten at night|the first obstacle].",
            "[Alone|On your own], a hard day with {S} can [look|feel] like proof that you should [stop|quit].",
        ),
        how=(
            "[Tell|Choose] one person, agree on a day, and send them [a photo|two lines|one honest sentence] each week.",
            "[Swap|Trade] goals with a [friend|colleague] and ask each other the same [two|three] questions [every Sunday|weekly].",
        ),
        prose=(
            "[Very few|Hardly any] people get far with {S} in complete [isolation|secrecy], and those who do seldom [enjoy|recommend] it.",
            "A partner need not be an expert; it is enough that they [remember|care enough] to ask.",
            "Agree on a fixed day, a fixed question and an answer of [two|three] lines, so that [keeping it up|the habit] costs [nothing|a minute].",
            "[Being asked|Knowing that someone will ask] changes what you do on [Thursday|the evening before].",
            "It also [shortens|softens] the bad days, since another person can see [progress|improvement] that you [overlook|discount].",
            "In return you get to watch somebody else's [struggle|attempt], which teaches [patience|more than any manual].",
        ),
    ),
    Idea(
        do=("Spend where it counts", "Put money on the bottleneck"),
        trap=("Buying tools before habits", "Spending on the wrong part"),
        ask=("Where does a coin help?", "What is the real bottleneck?"),
        themes=("coins beside a growing plant", "narrow neck of an hourglass", "single gear in warm light"),
        why=(
            "New [gear|equipment|software] for {K} [feels like|imitates] progress, until it [gathers dust|sits unused].",
            "Money [spreads|trickles] into the [pleasant|visible] parts, while the bottleneck of {S} can [stay exactly as it was|remain untouched].",
        ),
        how=(
            "[Find|Name] the slowest [step|part], and spend there [first|only] for the next [three months|quarter].",
            "[Borrow|Rent] before you buy, and buy only what you [missed twice|would use weekly].",
        ),
        prose=(
            "Spending on {S} is not the problem; spending on the [comfortable|shiny] end of it is.",
            "Every process has one step that [holds up|slows down] all the others, and [improving|polishing] anything else changes [nothing|little].",
            "To find it, ask where work [waits|piles up] and who is always [asked to hurry|blamed].",
            "That is where an hour, a [coin|budget] or a better tool will [return|repay] the most.",
            "[For everything else|Elsewhere], borrow, rent or [improvise|make do] until you have [felt the lack|missed it] at least twice.",
            "[Thrift of this kind|This sort of thrift] is not [stinginess|meanness]; it keeps money [ready|free] for the moment when it [matters|helps].",
        ),
    ),
    Idea(
        do=("Learn the words insiders use", "Get the basics truly solid"),
        trap=("Skipping the dull basics", "Using words you cannot explain"),
        ask=("Are the basics really solid?", "Could you explain it simply?"),
        themes=("old books under lamp light", "foundation stones in morning fog", "wooden letter blocks without marks"),
        why=(
            "[Advanced|Clever] tricks for {K} sit on [basics|foundations], and [shaky|weak] basics [cost|hurt] double later.",
            "If you cannot [explain|describe] {S} to a [twelve-year-old|curious neighbour], some part of it is still [fog|guesswork].",
        ),
        how=(
            "[List|Collect] the ten terms you [nod at|pretend to know], and [look up|learn] two [a day|every morning].",
            "Explain it aloud in [two|three] minutes, and [study|revisit] whichever part made you [stumble|mumble].",
        ),
        prose=(
            "The [glamorous|advanced] parts of {S} get the attention, but results [come|grow] from the plain ones.",
            "Make a list of the terms you [hear often|use] and [could not define|would rather not be asked about].",
            "Two of them each morning is [a modest|an easy] diet, and within a [fortnight|couple of weeks] whole conversations become [clear|easier to follow].",
            "Then try to explain the matter aloud to a patient [listener|friend] without a single [technical|borrowed] word.",
            "[The sentence where you slow down|The place where you stumble] marks what you have not yet [understood|made your own].",
            "[Return|Go back] to that spot, [read|practise] for an hour, and explain it again.",
        ),
    ),
    Idea(
        do=("Protect quality at the source", "Fix causes, not symptoms"),
        trap=("Repairing the same damage twice", "Patching symptoms every week"),
        ask=("Why did that happen again?", "What is the actual cause?"),
        themes=("spring water over clean stone", "roots beneath a tall tree", "repaired bowl with gold seams"),
        why=(
            "A problem that [returns|comes back] with {K} was never [solved|fixed], only [silenced|swept aside].",
            "[Quick|Hasty] repairs can keep {S} [busy|limping] for years [without|and never] getting any better.",
        ),
        how=(
            "Ask why [five|four] times, in writing, and [act|work] on the [last|deepest] answer you can [reach|change].",
            "[Keep|Start] a list of repeats; whatever appears [three times|twice] earns a [proper|lasting] fix.",
        ),
        prose=(
            "[Fixing the same thing every week|Weekly repairs] can feel like [diligence|hard work] while it quietly [drains|taxes] {S}.",
            "Whenever a problem shows up for the [third|second] time, stop [mending|patching] and ask why it was [possible|allowed].",
            "Ask again about the answer, and once more, until you reach something you can [change|influence] with your own hands.",
            "[Usually|Most often] it is [unglamorous|small]: a missing [agreement|hand-over], a [late|skipped] check, an unclear owner.",
            "A fix at that level takes [longer|an afternoon instead of five minutes], and then it [keeps working|goes on paying] while you sleep.",
            "[Count the repeats|Keep a tally of repeats]; it should [shrink|fall] from one month to the next.",
        ),
    ),
    Idea(
        do=("Celebrate, then raise the bar", "Close each chapter properly"),
        trap=("Rushing past every success", "Moving the goal every time"),
        ask=("Have you marked the win?", "What have you already won?"),
        themes=("confetti settling on dark floor", "lanterns rising at nightfall", "sunlit summit above clouds"),
        why=(
            "If every [win|success] with {K} is followed by a new [demand|target], [tiredness|fatigue] will win [in the end|next].",
            "[Success|A good result] with {S} that nobody [marks|notices] is [half wasted|soon forgotten].",
        ),
        how=(
            "Name what [worked|was achieved], thank [someone|two people] by name, and [rest|pause] for [a day|an evening].",
            "Then [raise|move] the bar by [a tenth|one small notch], never by [half|a leap].",
        ),
        prose=(
            "[People who care about|Those who put effort into] {S} tend to [skip|rush past|hurry beyond] their own successes.",
            "Marking an ending is [practical|useful], since it tells you which [habits|choices] deserve to be [kept|repeated].",
            "Write three lines about what [worked|helped] and why, while [it is|the memory is] still [fresh|warm].",
            "Thank the people involved by name and for something [specific|precise]; it [costs little|takes a minute] and is remembered for [years|a long time].",
            "Only then set the next goal, and make it [a notch|slightly] higher rather than [twice as high|a different mountain].",
            "Growth that includes [rest|pauses] is slower on paper and [faster|far steadier] in [life|practice].",
        ),
    ),
)
