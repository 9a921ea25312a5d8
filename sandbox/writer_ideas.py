"""The writer's stock of ideas: practical advice that holds for almost any topic, in many wordings.

Notation: `[a|b]` is a choice, `{S}` the topic as a noun phrase, `{K}` its short form. `{S}` may be singular, plural
or a gerund, so it never governs a verb in the present tense; it may with `can` or `will`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idea:
    """One piece of advice: three ways to title it, a slide in two sentences, a section of an article."""

    do: tuple[str, ...]
    """Titles that tell what to do; at most six words."""
    trap: tuple[str, ...]
    """Titles that name the mistake; at most six words."""
    ask: tuple[str, ...]
    """Titles that ask; at most six words."""
    themes: tuple[str, ...]
    """What a picture of it shows; at most six words."""
    why: tuple[str, ...]
    """The slide's first sentence: what goes wrong."""
    how: tuple[str, ...]
    """The slide's second sentence: what to do about it."""
    prose: tuple[str, ...]
    """The article's sentences, in order."""


FIRST_STEPS = (
    Idea(
        do=("Name the finish line first", "Decide what done looks like"),
        trap=("Starting without a finish line", "Chasing a vague goal"),
        ask=("What does done look like?", "Where is the finish line?"),
        themes=("flag on a distant ridge", "finish line at sunrise", "lighthouse across calm water"),
        why=(
            "Without a [target|finish line], {S} can [swallow|eat up|absorb] any amount of [time|effort|energy].",
            "[Vague|Fuzzy] goals make every result with {K} look [almost good enough|like progress|fine until the bill comes].",
        ),
        how=(
            "Write one sentence that [says|spells out] what better looks like [in six weeks|by the end of the month|this quarter].",
            "[Pick|Choose] one number or one visible change, and [put it where you see it daily|tell one person about it|check it every Friday].",
        ),
        prose=(
            "[The most common reason|One quiet reason] people [stall|lose heart] with {S} is that nobody said what success would [look|feel] like.",
            "[When the goal is vague|Without a clear end point], every small step seems [equally important|urgent], and nothing is ever [finished|good enough].",
            "A [useful|workable] finish line fits in one sentence and can be checked by [someone else|a stranger|a colleague who was not there].",
            "Instead of [wanting to get better|hoping for improvement], name the change you would [notice|see] on an ordinary [Tuesday|Thursday].",
            "[Put a date next to it|Give it a date], because a goal without a date is [a wish|only a mood].",
            "If two people can [disagree|argue] about whether you reached it, [sharpen|rewrite] the sentence until they cannot.",
        ),
    ),
    Idea(
        do=("Measure where you stand today", "Take an honest baseline"),
        trap=("Guessing your starting point", "Improving without a baseline"),
        ask=("Where do you really stand?", "What is your baseline?"),
        themes=("brass scale on linen", "pencil marks on a wall", "quiet desk with measuring tape"),
        why=(
            "Memory [flatters|lies|rounds up], so progress with {K} is [easy to imagine|hard to judge] without a starting point.",
            "You cannot [tell|know] whether {S} will improve if you never [wrote down|recorded] where it began.",
        ),
        how=(
            "[Spend|Take] [twenty|thirty|fifteen] minutes to note three facts about [today|this week|the last month].",
            "Record [one typical week|seven ordinary days] before you change [anything|a single habit].",
        ),
        prose=(
            "Before you change anything about {S}, find out [how things stand|what is true] right now.",
            "[A baseline does not need|You do not need] a dashboard; a [notebook page|short list|plain spreadsheet] with three honest figures is [plenty|enough].",
            "Write down how long it takes, what it costs and how often it [goes wrong|has to be redone].",
            "[Do this for one ordinary week|Watch one normal week], not [your best one|the week you wish you had].",
            "The numbers are often [less dramatic|kinder|duller] than expected, and they show [where the time really goes|which problem is worth solving first].",
            "[Later|A month on], the same page is the only [witness|evidence] that can tell you whether your effort [paid|worked].",
        ),
    ),
    Idea(
        do=("Start with the smallest version", "Shrink the first step"),
        trap=("Planning the perfect launch", "Making the first step huge"),
        ask=("What is the smallest start?", "Could you begin in an hour?"),
        themes=("single seedling in dark soil", "first stone of a path", "small boat leaving harbour"),
        why=(
            "Big plans for {K} feel [safe|productive] because they [postpone|delay] the moment of [truth|finding out].",
            "The [first attempt|opening move] at {S} is often [too big to start|so large that it never begins].",
        ),
        how=(
            "[Cut|Shrink] it until you could [finish|try] it [before lunch|in one hour|this afternoon], then do [exactly that|only that].",
            "Build the version you would be [slightly embarrassed|a little shy] to show, and show it [anyway|to one person].",
        ),
        prose=(
            "Ambition is useful for [choosing a direction|dreaming], and [terrible|nearly useless] for choosing a first step.",
            "The smallest honest version of {S} is the one you could complete [today|before dinner] with what is already [on your desk|within reach].",
            "It will [look|feel] too simple, which is [precisely|exactly] why it works.",
            "A tiny start turns [opinions|guesses] into [observations|facts], and facts are much easier to [improve|argue with].",
            "[Once something exists|As soon as something real exists], the next step tends to [suggest itself|become obvious].",
            "Keep the grand plan in a drawer for [two weeks|a fortnight|a month] and see how much of it you still [need|want].",
        ),
    ),
    Idea(
        do=("Ask the people it affects", "Listen before you decide"),
        trap=("Deciding alone in a room", "Assuming you know the need"),
        ask=("Who have you asked?", "Whose problem is it, really?"),
        themes=("two chairs by a window", "round table in warm light", "empty cups after conversation"),
        why=(
            "[Most|Many] assumptions about {S} [survive|last] only because nobody [tested|questioned] them aloud.",
            "What you [think|believe] matters about {K} is rarely what [others|the people involved] would [put first|mention first].",
        ),
        how=(
            "[Talk to|Ask] [three|four|five] people this week and [write down|note] their exact words.",
            "Ask what they [tried last|did the last time], then [stay quiet|count to five] before you [reply|suggest anything].",
        ),
        prose=(
            "Five short conversations will teach you more about {S} than [another week of reading|a shelf of reports].",
            "Choose people who [live with the result|feel the consequences], not only those who [agree with you|are easy to reach].",
            "Ask about the last time it happened rather than about [opinions|the future], because people [remember|recall] events better than they [predict|imagine] them.",
            "[Write the answers down word for word|Keep their exact wording]; the phrases that [surprise|annoy] you are the valuable ones.",
            "[Look for|Underline] whatever two people said without [being prompted|hearing each other].",
            "That overlap is [a safer guide|a firmer foundation] than the [loudest|most confident] voice in the meeting.",
        ),
    ),
    Idea(
        do=("Give it a fixed slot", "Put it in the calendar"),
        trap=("Waiting for a free hour", "Relying on spare time"),
        ask=("When exactly will you do it?", "Which hour belongs to this?"),
        themes=("morning light on a clock", "open planner beside coffee", "long shadow of a sundial"),
        why=(
            "Whatever has no [slot|hour] in the week loses to whatever [shouts|rings], and {S} will rarely [shout|ring].",
            "[Spare time|A free afternoon] for {K} is a [promise|plan] that the calendar never [signed|agreed to].",
        ),
        how=(
            "Reserve [forty|thirty|fifty] minutes, same day, same [place|chair], and [defend it like a meeting|treat it as booked].",
            "Tie it to something that already happens, such as [Monday coffee|the first hour of Friday|the end of lunch].",
        ),
        prose=(
            "Intentions live in the head, but work lives in the [calendar|week].",
            "If {S} has no fixed hour, it competes with every [message|errand] that arrives, and it [loses politely|gives way] each time.",
            "Pick a slot you can keep in a bad week, even if it is only [twenty-five|thirty] minutes [long|at a time].",
            "[The same place helps too|A fixed place helps as well], because [a familiar chair|the room] does half of the remembering.",
            "[Tell the people around you|Let others know] that the slot is taken; an hour that is [visible|public] is [easier to protect|seldom stolen].",
            "[Regular|Modest] and repeated beats [long|heroic] and rare, [almost without exception|by a wide margin].",
        ),
    ),
    Idea(
        do=("Remove one obstacle at once", "Clear the path before pushing"),
        trap=("Pushing harder against friction", "Fighting friction with willpower"),
        ask=("What makes it hard today?", "Which step do you dread?"),
        themes=("open gate on a trail", "river flowing past boulders", "cleared path through tall grass"),
        why=(
            "[Willpower|Motivation] [fades|runs out] by [Wednesday|mid-week], while the [friction|small obstacles] around {K} will still be there.",
            "A [tiny|small] annoyance, met every day, can [stop|block] {S} more surely than any [big|real] problem.",
        ),
        how=(
            "[Find|Name] the step you [dread|avoid], and make it [two clicks shorter|half as long|impossible to forget].",
            "Prepare the [tools|materials|first page] the evening before, so that starting takes [ten seconds|no decision].",
        ),
        prose=(
            "When {S} will not move, the usual advice is to [try harder|push more], and the better advice is to [look down|look for the stone in the shoe].",
            "Walk through the whole thing once, slowly, and note each place where you [sigh|hesitate|reach for your phone].",
            "[Most of those moments|Nearly all of those pauses] have a cheap remedy: a template, a [prepared|ready] folder, a decision taken [once|in advance].",
            "Remove a single obstacle per week, beginning with the one that comes [first|earliest in the process].",
            "[Early friction is the most expensive kind|The first hurdle costs most], because it [prevents|discourages] everything behind it.",
            "After a month the work feels lighter, although you have not become [a different person|any more disciplined].",
        ),
    ),
)
