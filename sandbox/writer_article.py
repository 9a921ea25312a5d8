"""The sentences around an article's sections: introductions, bridges, conclusions, quotes. Notation: see writer_ideas."""

from __future__ import annotations

LEADS = {
    "educational": (
        "[Anyone|Whoever] [looking into|reading about] {S} soon [meets|runs into] more advice than [hours|one life] can hold.",
        "[There is a quiet gap|A gap lies] between knowing about {S} and [doing it well|being at ease with it] on a busy day.",
        "[Much|A great deal] has been [said|written] about {S}, and [surprisingly little|not much] of it [fits|survives] an ordinary working week.",
    ),
    "punchy": (
        "[Let us be blunt|Straight to the point]: the way most of us [approach|handle] {S} is [too complicated|upside down].",
        "You do not need [another|one more] [theory|framework] for {S}; you need [less|fewer moving parts].",
        "[Here is the short version|In one line]: {S} will reward [small habits|consistency] and punish [drama|grand plans].",
    ),
    "story": (
        "The first [serious attempt|real encounter] with {S} ended [badly|in a quiet kitchen], [late at night|on a rainy Sunday], with a long list and [no energy|little hope].",
        "A [friend|colleague] once [described|summed up] {S} as a [room|house] with too many doors, [all of them|most of them] half open.",
        "[Some years ago|Not long ago], somebody [asked|wondered] aloud why {S} had to be so [exhausting|hard], and nobody at the table [had an answer|could say].",
    ),
    "promo": (
        "[Picture|Imagine] an ordinary [Monday|week] in which everything about {S} simply [works|runs], and nobody has to [chase|rescue] anything.",
        "[Few|Not many] investments of [time|attention] will [repay|reward] you as [reliably|quickly] as getting {S} right.",
        "The [people|teams] you [admire|look up to] did not get [lucky|a gift] with {S}; they [built|settled on] a [simple|steady] way of working.",
    ),
}

CONTEXT = (
    "[The good news is|Fortunately,] that the [decisive|important] parts [fit|can be written] on a [single page|postcard].",
    "[It helps to remember|Remember] that nobody sees the [drafts|false starts] of the people they [admire|compare themselves with].",
    "[Circumstances|Budgets and circumstances] differ, so [read|take] what follows as a [starting point|sketch] rather than [law|a verdict].",
    "[The examples are small on purpose|Small examples are used on purpose], because small things are the ones that get [done|repeated].",
    "[If you only have|With] [ten|five] minutes, [read|take] the first [section|idea] and [leave|keep] the rest for the weekend.",
    "[Beginners|Newcomers] will find a [place to start|first foothold] here, and [old hands|experienced readers] a few [reminders|things worth revisiting].",
    "[What matters is|The point is] not [perfection|to be perfect], but a way of working that you can [keep up|repeat] when you are [tired|busy].",
    "[All of it|Everything here] can be [tried|tested] with the [means|tools] you [already have|own today].",
    "Along the way, [watch for|notice] the [moment|point] where {K} will begin to feel [lighter|less like a duty].",
    "[Progress|Improvement] in {K} can look like [nothing at all|boredom] from the outside, and that is [fine|a good sign].",
)

BRIDGES = (
    "[This|That] may sound [small|modest], and [small|modest] is what [survives|lasts].",
    "[In practice|On an ordinary day], it [takes|costs] less than [a coffee break|fifteen minutes].",
    "[Try it|Test it] [twice|for two weeks] before you [judge|dismiss] it.",
    "[The effect|The benefit] is [modest|hardly visible] in the first week and [obvious|hard to miss] after the [sixth|fifth].",
    "[Those who care|Anyone who cares] about {S} will [recognise|know] the moment when this [begins to pay|clicks].",
    "[Teams|Groups] can do the same [together|at one table], provided that one [person|name] is responsible for it.",
    "[If it fails|When it does not work], [shrink|halve] it and [try again|repeat], [without|and spare yourself] the [guilt|speeches].",
    "[Your own version|The form that suits you] will [differ|look different], and it [should|ought to].",
    "[Keep|Write] a note of what [happened|you saw], since [memory|the mind] is a [generous|careless] editor.",
    "Seen from [outside|a distance], {K} can seem [mysterious|complicated]; [inside|close up] there is only a chain of [plain|small] choices.",
    "[Most objections|Doubts] [vanish|fade] once the first [result|attempt] is on the [table|wall].",
    "[Nobody|No one] needs to [approve|notice] it for you to [begin|start].",
)

CLOSERS = (
    "[Choose|Pick] one of these for the [coming|next] week and [leave the others alone|let the others wait].",
    "[Come back|Return] to the list in a month and [see|check] which [parts|lines] you [no longer need|can cross out].",
    "[Done quietly|Practised quietly] for a [season|few months], this is what [changes|reshapes] {S} for good.",
    "[You will not do all of it|Nobody does all of it], and you do not [have to|need to].",
    "[The rest|Everything else] is [patience|repetition], and that can be [learned|scheduled].",
    "If [someone|a friend] [asks|wonders] how you became so [calm|relaxed] about {K}, [show|hand] them your [one page|notes].",
    "[Begin|Start] [badly|small], [begin|start] [soon|today], and [keep|protect] the slot in the calendar.",
    "[What looks like talent|Talent], seen [closely|from nearby], is often [a habit|somebody's habit] that was [never dropped|kept for years].",
    "[Let {S} stay|Allow {S} to be] a practice rather than a [project|test], and it will [carry|repay] you.",
    "[Tomorrow|Next week] offers the same [hours|chances] as today, so the [first|best] move is to [decide|reserve] one of them.",
)

LAST_WORDS = {
    "educational": ("[Study|Learn] a little, [practise|try] a lot, and [write down|note] what you find.", "[Understanding|Knowledge] grows where it is [used|tried]."),
    "punchy": ("[Less talk|Fewer plans], more [reps|practice].", "[Now|So] close this [page|tab] and [do|take] the first one."),
    "story": ("[The list|That long list] from the beginning [still exists|is still around]; it is [shorter|a lot shorter] now.", "[The door|One door] was [never locked|open all along]; it only [opened|moved] the other way."),
    "promo": ("[When you are ready|Whenever you want] to go [further|faster], we are [glad|happy] to [help|walk with you].", "[Take|Make] the first [step|move] this week, and [tell us|let us know] how it [goes|went]."),
}  # fmt: skip

QUOTES = (
    "[Nobody|No one] drifts into being good at {S}; they [choose|decide] it in small hours, [again and again|one day at a time].",
    "Treat {S} as a [practice|craft], and the [results|rewards] will [follow at their own pace|find their way to you].",
    "The secret of {S} is [dull|simple]: do the small thing [today|again], and [trust|respect] the calendar.",
    "[Start|Begin] {K} before you feel ready; [readiness|confidence] is what the [work|beginning] leaves behind.",
    "What you [repeat|keep doing] in {K} will [shape|matter to] you more than what you [plan|promise].",
    "[Clarity|Calm] in {S} comes from what you [leave out|decline], not from what you [add|collect].",
    "[Progress|Growth] in {K} is [quiet|shy]; [measure|write] it down or you will [miss|doubt] it.",
    "{S} will [teach|show] you [patience|honesty] first, and [success|results] only afterwards.",
)
AUTHORS = (
    "Field notes",
    "An editor's notebook",
    "Workshop saying",
    "From the working journal",
    "Margin note",
    "Studio proverb",
)
"""Invented sayings get no person's name, real or made up."""
