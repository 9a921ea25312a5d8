"""The writer's frames: how a deck opens, closes and is put together. Notation: see writer_ideas."""

from __future__ import annotations

from dataclasses import dataclass

TONES = ("educational", "punchy", "story", "promo")


@dataclass(frozen=True, slots=True)
class Angle:
    """A way to tell it: which titles an idea shows, and the sentences around them."""

    form: str
    """Which titles of an idea it uses: do, trap or ask."""
    prefix: str
    """Set before a slide's title; `{n}` counts from 1."""
    openings: tuple[str, ...]
    """Titles of the first slide, at most eight words with the topic's short form."""
    intros: tuple[str, ...]
    """Second sentence of the article's introduction."""
    headings: tuple[str, ...]
    """Titles of the article."""


ANGLES = (
    Angle(
        "trap", "Mistake {n}: ",
        ("The traps hiding in {K}", "Where things go wrong: {K}", "Quiet mistakes, loud results: {K}", "Avoidable mistakes, honestly named"),
        (
            "[Nearly all|Most] of the trouble comes from a handful of [avoidable|ordinary] mistakes, and each has a [calm|simple] remedy.",
            "[None of these traps|Not one of the errors below] is a sign of [laziness|bad character]; they are simply what [happens|occurs] when nobody [warns|tells] you.",
            "The errors are [easy to make|common], [cheap to correct|quickly repaired] and hard to [see|spot] from the inside.",
        ),
        ("The Ordinary Mistakes That Hold Back {T}", "What Goes Wrong With {T}, and the Way Out", "Avoidable Errors in {T}"),
    ),
    Angle(
        "do", "Step {n}: ",
        ("A clear path into {K}", "{K}, one step at a time", "Your route through {K}", "One step at a time"),
        (
            "The steps below are meant to be taken [in order|one after another], and [none|not one] of them needs [special talent|permission].",
            "What follows is a [path|route], not a [recipe|law]: [walk|take] it once as written, then [make it yours|adapt it].",
            "[Each|Every] step stands on the one before, so [resist|postpone] the urge to [jump|skip ahead].",
        ),
        ("A Step-by-Step Way Into {T}", "{T}, From First Step to Steady Habit", "Building {T} One Step at a Time"),
    ),
    Angle(
        "ask", "",
        ("Questions to ask about {K}", "Ask yourself this about {K}", "An honest check on {K}", "Questions worth ten quiet minutes"),
        (
            "[Good questions|The right questions] do more than advice, because your [answers|replies] fit your own [case|situation].",
            "[Take a pen|Find a quiet corner] and answer in [full sentences|writing]; the [hesitations|pauses] are the interesting part.",
            "You will not [need|find] all the answers today, and [noticing which ones are missing|the gaps] is [already progress|half the work].",
        ),
        ("Honest Questions About {T}", "What to Ask Before You Go Further With {T}", "{T}: A Short Self-Examination"),
    ),
    Angle(
        "do", "",
        ("What helps with {K}", "Small moves for {K}", "Small moves, real progress", "Rules of thumb for {K}"),
        (
            "[These principles|The ideas here] are [deliberately|intentionally] plain, since [plain|simple] ones [survive|last through] a busy week.",
            "You could [adopt|start with] any of them [tomorrow|this week], in any order, and [keep|hold on to] the ones that [help|stick].",
            "Nothing in the list is [new|secret]; what is rare is [doing|practising] it for [more than a month|long enough].",
        ),
        ("Plain Principles for {T}", "What Actually Helps With {T}", "Small Moves, Real Progress: {T}"),
    ),
    Angle(
        "trap", "Stop: ",
        ("Rethink the way you see {K}", "The old view of {K}", "Unlearn this about {K}", "Let go of the old way"),
        (
            "Some of the [habits|beliefs] here were [good|sensible] once, which is [exactly|precisely] why they are so [hard to drop|stubborn].",
            "[Unlearning|Letting go] comes before learning, and it is [seldom|rarely] [pleasant|comfortable].",
            "[Read|Take] each point as [an invitation|a suggestion] to [stop|retire] something, and see what [grows|appears] in the empty space.",
        ),
        ("What to Unlearn About {T}", "{T} Without the Old Habits", "A Different Way to See {T}"),
    ),
    Angle(
        "ask", "Check {n}: ",
        ("A checklist for {K}", "Audit your approach to {K}", "Ten quiet minutes on {K}", "A short and honest audit"),
        (
            "[Use|Treat] the points below as a [checklist|inspection round], and [tick|mark] only what you could [prove|show] to a [sceptical|critical] friend.",
            "An audit [sounds|may sound] grand, yet [this one|the one below] takes [a coffee break|a quarter of an hour].",
            "[Score|Rate] yourself from one to five on every point, and [begin|start] where the number is [lowest|smallest].",
        ),
        ("A Working Checklist for {T}", "Audit Your Approach: {T}", "How Solid Is Your Plan for {T}?"),
    ),
)  # fmt: skip

HOOKS = {
    "educational": (
        "A clearer way to think about {K}",
        "What experience teaches about {K}",
        "{K}, explained by what works",
        "The practical side of {K}",
        "{K} can be easier than this",
    ),
    "punchy": (
        "You are overcomplicating {K}",
        "Stop guessing about {K}",
        "Luck will not save {K}. Habits will.",
        "Less noise, better {K}",
        "{K}: do less, do it better",
    ),
    "story": (
        "The day {K} finally made sense",
        "What one hard year taught about {K}",
        "I was wrong about {K}",
        "A small story about {K}",
        "How {K} stopped feeling impossible",
    ),
    "promo": (
        "Make {K} your unfair advantage",
        "Ready for better results with {K}?",
        "Give {K} the attention it deserves",
        "Your next level in {K} starts here",
        "Turn {K} into something you enjoy",
    ),
}

OPENERS = {
    "educational": (
        "[Good advice|Sound advice] on {S} is [scattered|hard to find in one place]. Here is [what holds up|the useful part], in [plain words|everyday language].",
        "[Whether you are new to|However long you have been busy with] {S}, a few [habits|ideas] make [most|nearly all] of the difference.",
        "[You do not need talent|No special talent is needed] for {S}. You need [a few habits|an order of steps] that [survive|last through] a busy week.",
    ),
    "punchy": (
        "[No theory|No fluff]. Just the [moves|habits] that make {S} [work|less painful] when time is [short|tight].",
        "[Most|Half of the] advice on {S} is [noise|decoration]. [Keep|Save] this instead and [act|start] on one point today.",
        "{S} can be [simple|simpler]. [Cut the noise|Drop the myths], keep these, and [move|begin].",
    ),
    "story": (
        "For [months|a whole year], {S} felt like [walking uphill in sand|a locked door]. Then [one small change|an honest conversation] opened it.",
        "It began with a [failed|messy] attempt at {S} and [a cold cup of coffee|a long walk home]. These are the [notes|lessons].",
        "Nobody [plans|sets out] to struggle with {S}. Here is what [helped|changed] when [trying harder|the old way] stopped working.",
    ),
    "promo": (
        "[Imagine|Picture] {S} without the [usual|constant] [stress|second-guessing]. These [moves|ideas] will [get|bring] you [closer|there sooner].",
        "[Better|Stronger] results with {S} are [closer|nearer] than they [look|seem]. [Swipe through|Take] the plan and [make it yours|begin today].",
        "You [want|deserve] results with {S} that [last|show]. Here is [the plan|how to get there], one [clear|small] move at a time.",
    ),
}

CALLS = {
    "educational": (
        (
            "Save this for your next session",
            "[Keep|Save] this deck, [choose|pick] one idea on {S}, and [try it|put it to the test] [this week|before Friday].",
        ),
        (
            "Pick one idea and test it",
            "[Which point|Which idea] about {S} will you [try|test] first? [Write it in the comments|Tell a colleague] and [report back|compare notes].",
        ),
        (
            "Your turn: practise one of these",
            "[Reading|Knowing] about {S} is [half the way|the easy half]. [Choose|Take] one slide and [practise|use] it [tomorrow|today].",
        ),
    ),
    "punchy": (
        (
            "Now go and do one",
            "One [slide|idea]. One [week|attempt]. [Save this|Keep it close] and [start|begin] with {S} [today|now].",
        ),
        (
            "Save it. Use it. Share it.",
            "[Send|Forward] this to [the person|a friend] who [overthinks|worries about] {S}. Then [do|take] the first step [together|yourself].",
        ),
        (
            "Enough reading, start moving",
            "[Close the app|Put the phone down] after this and give {S} [ten|fifteen] honest minutes.",
        ),
    ),
    "story": (
        (
            "What is your version of this?",
            "[Everyone|Each of us] has a [chapter|story] about {S}. [Share|Tell] yours [below|in the comments] and [save|keep] this one.",
        ),
        (
            "Write the next chapter yourself",
            "[Your|The next] story about {S} [starts|begins] with a [small|single] scene. [Save|Keep] this and [write|live] it this week.",
        ),
        (
            "Pass this on to someone",
            "Somebody you know is [stuck|tired] with {S} [right now|today]. [Send|Pass] them this, with [a kind word|your own story].",
        ),
    ),
    "promo": (
        (
            "Ready? Start with one step",
            "[Follow|Stay] for more on {S}, [save|keep] this deck, and [message us|write to us] when you [want help|are ready].",
        ),
        (
            "Let us make this easier",
            "[Want|Need] a hand with {S}? [Comment|Reply] with the word plan and we will [send|share] the [checklist|worksheet].",
        ),
        (
            "Take the next step today",
            "[Save|Bookmark] this, [share|forward] it with your team, and [give|promise] {S} a [proper|real] start this week.",
        ),
    ),
}
