"""More ideas for the writer: the craft in the middle. Notation: see writer_ideas."""

from __future__ import annotations

from sandbox.writer_ideas import Idea

CRAFT = (
    Idea(
        do=("Do fewer things on purpose", "Choose one thing to drop"),
        trap=("Doing everything at once", "Adding without ever dropping"),
        ask=("What will you stop doing?", "Which part could you drop?"),
        themes=("one pear on bare table", "three stones in raked sand", "single chair in empty room"),
        why=(
            "Every extra [option|task] you add to {K} [borrows|steals] attention from the [one|part] that [matters|works].",
            "[Attention|Focus] spreads thin, and {S} will suffer [before you notice|long before it shows].",
        ),
        how=(
            "[List|Write down] all you do for it, then [strike out|pause] the bottom third for [two weeks|a fortnight|a month].",
            "For each new [idea|tool|rule], let one old one [go|rest].",
        ),
        prose=(
            "It is tempting to answer every problem with [an addition|one more thing]: another tool, another [rule|meeting], another habit.",
            "With {S}, the cheaper experiment is nearly always to [take something away|subtract].",
            "List everything you currently do for it and mark what would be [missed|noticed] within a week.",
            "The rest is [a candidate for a pause|on trial], and a pause is less [frightening|final] than a farewell.",
            "[What remains gets|The survivors get] more care, better hours and [clearer|simpler] instructions.",
            "People often [report|find] that the result looks [richer|better] with less in it.",
        ),
    ),
    Idea(
        do=("Borrow what already works", "Copy a pattern, then adapt"),
        trap=("Inventing everything from scratch", "Ignoring what others learned"),
        ask=("Who has solved this before?", "What could you borrow?"),
        themes=("hands tracing an old map", "row of well-used tools", "open notebook with sketches"),
        why=(
            "Somebody has already made the [expensive|painful] mistakes with {K}, and [written them down|left notes].",
            "[Originality|Novelty] is [costly|slow], and {S} can do [very well|perfectly well] without it in the [beginning|first months].",
        ),
        how=(
            "[Find|Study] [two|three] examples you [admire|trust], and [list|note] what they have in common.",
            "Copy the [structure|skeleton], never the [surface|details], and change one thing [at a time|per round].",
        ),
        prose=(
            "There is no prize for [rediscovering|reinventing] the basics of {S} by yourself.",
            "Collect three examples that [impress you|clearly work] and lay them [next to each other|side by side].",
            "What they share is the pattern; what differs is [taste|circumstance], and you may [ignore|replace] it.",
            "[Borrow|Take over] the pattern whole for your first [attempt|round], even where it feels [plain|ordinary].",
            "Only after it works should you [bend|adapt] it, one change at a time, so that you [learn|can tell] what each change [does|costs].",
            "This is how [craftspeople|good cooks] learn, and it is [faster|kinder] than a blank page.",
        ),
    ),
    Idea(
        do=("Run it as an experiment", "Test one change at a time"),
        trap=("Changing five things together", "Trusting opinions over tests"),
        ask=("What would prove you wrong?", "How could you test it?"),
        themes=("row of glass jars", "two paths through a forest", "prism splitting white light"),
        why=(
            "Change [five|four|six] things about {K} at once and you will never know [which one helped|what made the difference].",
            "[Debates|Arguments] about {S} can last for [months|weeks]; a [small|fair] test takes [days|one week].",
        ),
        how=(
            "[Alter|Change] one thing, leave the rest alone, and [compare|look] after [ten days|two weeks].",
            "Write down [beforehand|in advance] which result would make you [stop|change your mind].",
        ),
        prose=(
            "An experiment is simply a [decision|change] with a question mark and [an end date|a deadline].",
            "Choose one thing about {S} that you [suspect|believe] could be better, and change nothing else [for ten days|until the test is over].",
            "Before you begin, write what you expect and what result would [change your mind|prove you wrong].",
            "That sentence protects you from [explaining away|reinterpreting] whatever happens [afterwards|later].",
            "A test that fails is [still cheap|not a loss], because it [closes a door|ends an argument] you might have [stood in front of|discussed] for months.",
            "[Three or four|A handful of] such rounds will [move you further|teach you more] than one [sweeping|heroic] reform.",
        ),
    ),
    Idea(
        do=("Write the steps down", "Turn it into a checklist"),
        trap=("Keeping the process in memory", "Explaining it again each time"),
        ask=("Could someone else repeat it?", "Is it written down anywhere?"),
        themes=("neat stack of index cards", "paper boat from a list", "ink pen on ruled paper"),
        why=(
            "A [process|routine] that lives in one head [leaves|goes on holiday] with that head, and {K} will [stall|wait].",
            "[Under pressure|On a busy day] even [experts|experienced people] [skip|forget] a step of {S} they know [by heart|well].",
        ),
        how=(
            "[Note|Write] the [seven|five|six] steps on one page and [follow|test] the page [literally|word for word] next time.",
            "Let [a beginner|a colleague] try from your notes alone, and [fix|rewrite] whatever [confused|stopped] them.",
        ),
        prose=(
            "[Pilots and surgeons|Cooks and pilots] use checklists because they are [good|experts], not because they are [forgetful|beginners].",
            "For {S}, a page with [six or seven|half a dozen] lines is [usually|normally] enough to [save|rescue] a bad day.",
            "Write it while you are doing the work, since memory [tidies up|leaves out] the [awkward|small] parts.",
            "Then hand the page to someone who has never done it and [watch without helping|keep silent].",
            "Each place where they [stop|ask] is a line that is [missing|unclear], and [fixing|adding] it takes a minute.",
            "From then on you improve the page [rather than|instead of] [relying on|trusting] your memory.",
        ),
    ),
    Idea(
        do=("Make progress easy to see", "Keep score where everyone looks"),
        trap=("Hiding progress in a file", "Letting the work stay invisible"),
        ask=("Can you see the progress?", "Where is the score kept?"),
        themes=("chalk marks on a board", "rising steps in soft light", "beads sliding along a wire"),
        why=(
            "[Effort|Work] that nobody sees feels [pointless|endless], and {S} can be [slow|quiet] for weeks.",
            "What stays out of [sight|view] gets [forgotten|postponed], even when {K} could not be [more important|closer to your heart].",
        ),
        how=(
            "Mark each [finished|completed] [day|round] on paper, on a wall, in [plain sight|ink].",
            "[Show|Share] one small [result|piece] every [Friday|week], finished or not.",
        ),
        prose=(
            "Progress with {S} is often real long before it is [obvious|visible], and the gap is where [most people|many] quit.",
            "[Close the gap|Bridge it] with a [simple|plain] score: one mark for each day you did the [agreed|small] thing.",
            "Put it on a wall, because [a file|an app] must be opened and a wall [cannot be avoided|looks back].",
            "[Count what you control|Score your actions], such as sessions held, rather than [outcomes|results] that arrive late.",
            "A row of marks is oddly [persuasive|hard to break], and after [three weeks|twenty days] it begins to [pull|carry] you.",
            "When the row breaks, [draw the next mark|start again] the same day and [skip the speech|do not hold a trial].",
        ),
    ),
    Idea(
        do=("Plan for the bad week", "Decide your minimum in advance"),
        trap=("Planning only for good days", "Quitting after one bad week"),
        ask=("What happens in a bad week?", "What is your rainy-day minimum?"),
        themes=("umbrella in silver rain", "storm clearing over hills", "candle behind a window"),
        why=(
            "[Plans|Routines] rarely fail on good days; {K} will be tested [in the worst week|when everyone is tired].",
            "One [missed|lost] week is [nothing|harmless], unless it [persuades|convinces] you that {S} [was never going to work|must be given up].",
        ),
        how=(
            "Define a [five-minute|ten-minute] minimum that [counts|still counts] when everything [goes wrong|burns].",
            "Write down now what you will [drop|skip] first, and what you will [keep|never skip].",
        ),
        prose=(
            "Every plan for {S} meets a week with [a sick child|a broken boiler], a deadline and [no sleep|an empty fridge].",
            "[Good plans expect that week|Plans that last foresee that week] and say in advance what the minimum is.",
            "Make the minimum almost [laughably|ridiculously] small: five minutes, one page, a single [call|message].",
            "Its purpose is not [output|progress] but continuity, so that [Monday|the next good day] begins [warm|where you left off].",
            "Decide as well what may be [dropped|skipped] without guilt, because [choosing calmly|deciding early] beats choosing in [panic|a hurry].",
            "People who last are [not stricter|seldom tougher] than others; they have merely [lowered|defined] the floor.",
        ),
    ),
)
