"""German."""

from __future__ import annotations

from sandbox.languages.language import Language
from sandbox.writer_frames import Angle
from sandbox.writer_ideas import FIRST_STEPS, Idea
from sandbox.writer_ideas_craft import CRAFT
from sandbox.writer_ideas_long import LONG_RUN

_IDEAS = (
    Idea(
        do=("Lege das Ziel fest", "Sag, wann du fertig bist"), trap=("Ohne klares Ziel loslegen",), ask=("Woran erkennst du das Ziel?",),
        themes=FIRST_STEPS[0].themes,
        why=("Ohne Ziel [frisst|verschlingt] jedes Vorhaben beliebig viel [Zeit|Kraft].", "Vage Ziele lassen jedes Ergebnis [fast gut genug|wie einen Fortschritt] aussehen."),
        how=("Schreib in einem Satz auf, was in sechs Wochen [besser|anders] sein soll.", "Wähle eine einzige Zahl und prüfe sie [jeden Freitag|jede Woche]."),
        prose=(
            "Der häufigste Grund, warum Menschen bei „{K}“ stecken bleiben, ist ein Ziel, das niemand ausgesprochen hat.",
            "Solange offen ist, was Erfolg bedeutet, wirkt jeder kleine Schritt gleich wichtig, und nichts wird je richtig fertig.",
            "Ein brauchbares Ziel passt in einen Satz, und [ein Außenstehender|eine Kollegin] kann prüfen, ob es erreicht ist.",
            "Schreib also nicht, dass du besser werden willst, sondern welche Veränderung du an einem gewöhnlichen Dienstag bemerken würdest.",
            "Setz ein Datum dahinter, denn ein Ziel ohne Datum bleibt [ein Wunsch|eine Stimmung].",
        ),
    ),
    Idea(
        do=("Miss den heutigen Stand", "Halte fest, wo du stehst"), trap=("Den Ausgangspunkt nur schätzen",), ask=("Wo stehst du wirklich?",),
        themes=FIRST_STEPS[1].themes,
        why=("Das Gedächtnis schmeichelt, deshalb lässt sich Fortschritt ohne Ausgangswert [kaum|nur schwer] beurteilen.", "Wer den Anfang nicht notiert, kann später [nichts vergleichen|keinen Fortschritt zeigen]."),
        how=("Nimm dir zwanzig Minuten und [notiere|sammle] drei Zahlen aus der letzten Woche.", "Beobachte sieben gewöhnliche Tage, bevor du [etwas|auch nur eine Gewohnheit] änderst."),
        prose=(
            "Bevor du etwas änderst, solltest du wissen, wie es um „{K}“ heute tatsächlich steht.",
            "Dafür brauchst du kein Dashboard; eine Seite im Notizbuch mit drei ehrlichen Zahlen [reicht völlig|genügt].",
            "Schreib auf, wie lange etwas dauert, was es kostet und wie oft es schiefgeht.",
            "Nimm dafür eine gewöhnliche Woche und nicht die beste, an die du dich erinnern kannst.",
            "Die Zahlen sind oft [nüchterner|freundlicher] als erwartet, und sie zeigen, welches Problem sich zuerst zu lösen lohnt.",
        ),
    ),
    Idea(
        do=("Beginne mit der kleinsten Fassung", "Mach den ersten Schritt winzig"), trap=("Den perfekten Start planen",), ask=("Was wäre der kleinste Anfang?",),
        themes=FIRST_STEPS[2].themes,
        why=("Große Pläne fühlen sich [sicher|produktiv] an, weil sie den Moment der Wahrheit verschieben.", "Der erste Schritt ist oft so groß, dass [niemand ihn geht|ihn keiner wagt]."),
        how=("Kürze das Vorhaben, bis es [in einer Stunde|vor dem Mittagessen] zu schaffen ist, und tu genau das.", "Bau eine Fassung, die dir [ein wenig|etwas] peinlich ist, und zeig sie trotzdem jemandem."),
        prose=(
            "Ehrgeiz hilft, wenn man eine Richtung wählt, aber er ist ein schlechter Ratgeber für den ersten Schritt.",
            "Die kleinste ehrliche Fassung von „{K}“ ist die, die du heute mit vorhandenen Mitteln abschließen könntest.",
            "Sie wird dir zu einfach vorkommen, und [genau|gerade] deshalb funktioniert sie.",
            "Ein winziger Anfang verwandelt Vermutungen in Beobachtungen, und Beobachtungen lassen sich verbessern.",
            "Den großen Plan legst du [zwei Wochen|einen Monat] in die Schublade und siehst dann nach, wie viel davon du noch brauchst.",
        ),
    ),
    Idea(
        do=("Frag die Menschen, die es betrifft", "Hör zu, bevor du entscheidest"), trap=("Allein im stillen Kämmerlein entscheiden",), ask=("Wen hast du schon gefragt?",),
        themes=FIRST_STEPS[3].themes,
        why=("Viele Annahmen überleben nur, weil niemand sie laut [prüft|hinterfragt].", "Was du für wichtig hältst, nennen andere selten [zuerst|an erster Stelle]."),
        how=("Sprich diese Woche mit [drei|vier|fünf] Betroffenen und notiere ihre Worte genau.", "Frag nach dem letzten Mal, und [schweig dann|zähl bis fünf], bevor du antwortest."),
        prose=(
            "Fünf kurze Gespräche lehren dich mehr über „{K}“ als eine weitere Woche Lektüre.",
            "Wähle Menschen, die mit dem Ergebnis leben müssen, und nicht nur die, die leicht zu erreichen sind.",
            "Frag nach dem, was zuletzt geschehen ist, denn an Ereignisse erinnert man sich genauer als an Meinungen.",
            "Schreib die Antworten wörtlich mit; die Sätze, die dich [überraschen|ärgern], sind die wertvollsten.",
            "Was zwei Personen unabhängig voneinander sagen, ist eine bessere Grundlage als die lauteste Stimme im Raum.",
        ),
    ),
    Idea(
        do=("Gib der Sache feste Zeiten", "Trag es in den Kalender ein"), trap=("Auf eine freie Stunde warten",), ask=("Wann genau machst du das?",),
        themes=FIRST_STEPS[4].themes,
        why=("Was keinen Platz in der Woche hat, verliert gegen alles, was [klingelt|lauter ist].", "Freie Zeit ist ein Versprechen, das der Kalender [nie unterschrieben|selten gehalten] hat."),
        how=("Reserviere [dreißig|vierzig] Minuten, immer am selben Tag und am selben Ort.", "Hänge es an etwas Festes, zum Beispiel an den [Kaffee am Montag|Freitagmorgen]."),
        prose=(
            "Vorsätze leben im Kopf, Arbeit lebt im Kalender.",
            "Solange es für „{K}“ keine feste Stunde gibt, gewinnt jede Nachricht und jede kleine Besorgung.",
            "Wähle einen Termin, den du auch in einer schlechten Woche halten kannst, und seien es nur fünfundzwanzig Minuten.",
            "Auch derselbe Ort hilft, denn ein vertrauter Stuhl übernimmt die Hälfte des Erinnerns.",
            "Sag den Menschen um dich herum Bescheid; eine Stunde, die alle kennen, wird selten gestohlen.",
            "Regelmäßig und bescheiden schlägt [selten und heldenhaft|großartig und selten] fast immer.",
        ),
    ),
    Idea(
        do=("Tu absichtlich weniger", "Streich eine Sache ganz"), trap=("Alles auf einmal wollen",), ask=("Was lässt du künftig weg?",),
        themes=CRAFT[0].themes,
        why=("Jede zusätzliche Aufgabe [stiehlt|nimmt] der wichtigsten ein Stück Aufmerksamkeit.", "Aufmerksamkeit wird dünn, lange bevor man es [bemerkt|den Ergebnissen ansieht]."),
        how=("Schreib alles auf, was du dafür tust, und pausiere das untere Drittel [zwei Wochen|einen Monat] lang.", "Für jede neue Idee darf eine alte [gehen|ruhen]."),
        prose=(
            "Es ist verlockend, auf jedes Problem mit etwas Zusätzlichem zu antworten: noch ein Werkzeug, noch eine Regel.",
            "Bei „{K}“ ist der günstigere Versuch meistens, etwas wegzunehmen.",
            "Liste alles auf, was du derzeit dafür tust, und markiere, was innerhalb einer Woche jemandem fehlen würde.",
            "Der Rest kommt in eine Pause, und eine Pause ist weniger beängstigend als ein Abschied.",
            "Was bleibt, bekommt mehr Sorgfalt, bessere Stunden und klarere Anweisungen.",
        ),
    ),
    Idea(
        do=("Ändere nur eine Sache", "Mach daraus einen Versuch"), trap=("Fünf Dinge gleichzeitig ändern",), ask=("Wie ließe sich das testen?",),
        themes=CRAFT[2].themes,
        why=("Wer [vier|fünf] Dinge zugleich ändert, erfährt nie, welches davon geholfen hat.", "Diskussionen dauern Monate, ein kleiner Test dauert [zehn Tage|eine Woche]."),
        how=("Ändere eine Sache, lass den Rest in Ruhe und vergleiche nach [zehn Tagen|zwei Wochen].", "Schreib vorher auf, welches Ergebnis dich [umstimmen|zum Aufhören bringen] würde."),
        prose=(
            "Ein Experiment ist nichts weiter als eine Änderung mit einem Fragezeichen und einem Enddatum.",
            "Such dir bei „{K}“ eine Stelle aus, von der du vermutest, dass sie besser sein könnte.",
            "Notiere vor dem Start, was du erwartest und welches Ergebnis dich widerlegen würde.",
            "Dieser eine Satz schützt dich davor, hinterher alles passend zu deuten.",
            "Auch ein gescheiterter Test ist billig, denn er schließt eine Tür, vor der du sonst Monate gestanden hättest.",
        ),
    ),
    Idea(
        do=("Schreib die Schritte auf", "Mach eine Checkliste daraus"), trap=("Den Ablauf nur im Kopf behalten",), ask=("Könnte es jemand anders wiederholen?",),
        themes=CRAFT[3].themes,
        why=("Ein Ablauf, der nur in einem Kopf wohnt, [fährt mit ihm in den Urlaub|ist morgen vielleicht vergessen].", "Unter Druck vergessen auch Fachleute einen Schritt, den sie [auswendig|gut] kennen."),
        how=("Notiere die [fünf|sechs|sieben] Schritte auf einer Seite und befolge sie beim nächsten Mal wörtlich.", "Gib deine Notizen einem Neuling und [ergänze|verbessere] jede Zeile, an der er stockt."),
        prose=(
            "Piloten arbeiten mit Checklisten, weil sie gut sind, und nicht, weil sie vergesslich wären.",
            "Für „{K}“ genügt meist eine Seite mit sechs oder sieben Zeilen, um einen schlechten Tag zu retten.",
            "Schreib sie während der Arbeit, denn die Erinnerung lässt gern die unbequemen Teile weg.",
            "Gib sie dann jemandem, der es noch nie gemacht hat, und sieh schweigend zu.",
            "Jede Stelle, an der diese Person stockt, ist eine Zeile, die noch fehlt.",
        ),
    ),
    Idea(
        do=("Plane auch die schlechte Woche", "Bestimme dein Minimum im Voraus"), trap=("Nur für gute Tage planen",), ask=("Was gilt in schlechten Wochen?",),
        themes=CRAFT[5].themes,
        why=("Pläne scheitern selten an guten Tagen, sondern [in der schlimmsten Woche|dann, wenn alle müde sind].", "Eine verlorene Woche ist harmlos, solange sie dich nicht zum Aufgeben [überredet|verleitet]."),
        how=("Lege ein Minimum von [fünf|zehn] Minuten fest, das auch im größten Chaos zählt.", "Schreib heute auf, was du zuerst weglässt und was [immer bleibt|niemals ausfällt]."),
        prose=(
            "Jeder Plan begegnet irgendwann einer Woche mit krankem Kind, dringendem Termin und zu wenig Schlaf.",
            "Gute Pläne rechnen damit und legen im Voraus fest, was an solchen Tagen genügt.",
            "Mach das Minimum fast lächerlich klein: fünf Minuten, eine Seite oder ein einziger Anruf.",
            "Es geht dabei nicht um Leistung, sondern darum, dass „{K}“ am nächsten guten Tag nicht bei null beginnt.",
            "Wer lange durchhält, ist selten strenger als andere; er hat nur die Untergrenze [klüger|früher] festgelegt.",
        ),
    ),
    Idea(
        do=("Zieh jede Woche Bilanz", "Blick zehn Minuten zurück"), trap=("Nie zurückblicken",), ask=("Was hat die Woche gelehrt?",),
        themes=LONG_RUN[0].themes,
        why=("Ohne Rückblick wiederholt man dieselbe Woche [vierzig|fünfzig] Mal und nennt es Erfahrung.", "Einsichten verfliegen bis zum Montag, wenn niemand sie [aufschreibt|festhält]."),
        how=("Beantworte jeden Freitag drei Fragen: Was half, was bremste, was ändert sich?", "Nimm dir zehn Minuten und [beende sie mit genau einer|wähle am Ende genau eine] Änderung."),
        prose=(
            "Ein wöchentlicher Rückblick ist der günstigste Lehrer, den du für „{K}“ finden kannst.",
            "Setz dich zehn Minuten hin und beantworte, was gut lief, was nicht und was du als Nächstes probierst.",
            "Die Kunst besteht darin, mit einer einzigen Änderung aufzustehen und nicht mit sieben.",
            "Bewahre die Seiten zusammen auf, denn Muster zeigen sich erst, wenn man mehrere hintereinander liest.",
            "Du wirst entdecken, dass dasselbe Hindernis in immer neuen Kleidern wiederkommt.",
        ),
    ),
    Idea(
        do=("Such dir Verbündete", "Versprich es einem Menschen"), trap=("Alles allein durchziehen wollen",), ask=("Wer merkt, wenn du aufhörst?",),
        themes=LONG_RUN[1].themes,
        why=("Versprechen an sich selbst werden beim ersten Hindernis [leise|heimlich] neu verhandelt.", "Allein wirkt ein schwerer Tag schnell wie ein [Beweis|Zeichen], dass man aufhören sollte."),
        how=("Wähle eine Person und schick ihr jede Woche [zwei Zeilen|einen ehrlichen Satz].", "Tauscht eure Ziele aus und stellt einander jeden Sonntag dieselben [zwei|drei] Fragen."),
        prose=(
            "Kaum jemand kommt bei „{K}“ in völliger Abgeschiedenheit weit.",
            "Die andere Person muss keine Expertin sein; es genügt, dass sie daran denkt zu fragen.",
            "Vereinbart einen festen Tag, eine feste Frage und eine Antwort von drei Zeilen, damit die Gewohnheit fast nichts kostet.",
            "Zu wissen, dass jemand fragen wird, verändert, was man am Abend davor tut.",
            "Außerdem sieht ein anderer Mensch Fortschritte, die man selbst [übersieht|kleinredet].",
        ),
    ),
    Idea(
        do=("Investiere in den Engpass", "Gib Geld am Engpass aus"), trap=("Werkzeug vor Gewohnheiten kaufen",), ask=("Wo liegt der wahre Engpass?",),
        themes=LONG_RUN[2].themes,
        why=("Neue Ausrüstung fühlt sich wie Fortschritt an, bis sie [verstaubt|ungenutzt herumliegt].", "Geld fließt gern in die sichtbaren Teile, während der Engpass [bleibt|unberührt bleibt]."),
        how=("Finde den langsamsten Schritt und investiere ein Quartal lang [nur dort|zuerst dort].", "Leih dir, was du brauchst, und kaufe erst, was dir [zweimal|mehrmals] gefehlt hat."),
        prose=(
            "Geld auszugeben ist nicht das Problem; das Problem ist, es am bequemen Ende auszugeben.",
            "Jeder Ablauf hat einen Schritt, der alle anderen aufhält, und alles andere zu verbessern ändert wenig.",
            "Um ihn bei „{K}“ zu finden, frag, wo sich die Arbeit staut und wer ständig zur Eile gemahnt wird.",
            "Genau dort bringt eine Stunde, ein kleines Budget oder ein besseres Werkzeug am meisten.",
            "Überall sonst darfst du leihen, mieten und improvisieren, bis du den Mangel [zweimal|wirklich] gespürt hast.",
        ),
    ),
)  # fmt: skip

_ANGLES = (
    Angle(
        "trap", "Fehler {n}: ",
        ("Die Fallen bei „{S}“", "Was oft schiefgeht: {S}", "Kleine Fehler, große Wirkung"),
        (
            "Die meisten Schwierigkeiten entstehen aus einer Handvoll gewöhnlicher Fehler, und für jeden gibt es ein einfaches Gegenmittel.",
            "Keiner dieser Fehler ist ein Zeichen von Faulheit; sie passieren einfach, wenn einen niemand [warnt|vorbereitet].",
        ),
        ("{K}: die häufigsten Fehler und der Ausweg", "Was bei „{K}“ schiefgeht und wie es besser geht"),
    ),
    Angle(
        "do", "Tipp {n}: ",
        ("{S}: was wirklich hilft", "Ein klarer Weg: {S}", "Schlichte Regeln, die wirken"),
        (
            "Jeder dieser Punkte ist bewusst schlicht, denn nur das Schlichte übersteht eine volle Woche.",
            "Du kannst mit jedem Punkt [morgen|diese Woche] beginnen, in beliebiger Reihenfolge, und behalten, was hilft.",
        ),
        ("{K}: schlichte Regeln, die wirken", "Was bei „{K}“ wirklich hilft"),
    ),
    Angle(
        "ask", "",
        ("Ehrliche Fragen zu „{S}“", "{S}: ein ehrlicher Selbsttest", "Zehn ruhige Minuten für gute Fragen"),
        (
            "Gute Fragen leisten mehr als Ratschläge, weil die Antworten zu [deiner eigenen Lage|deinem eigenen Fall] passen.",
            "Nimm einen Stift und antworte in ganzen Sätzen; das Zögern ist der interessante Teil.",
        ),
        ("Ehrliche Fragen zu „{K}“", "{K}: eine kurze Selbstprüfung"),
    ),
)  # fmt: skip

GERMAN = Language(
    ideas=_IDEAS,
    angles=_ANGLES,
    hooks={
        "educational": ("{K}: was in der Praxis funktioniert", "„{K}“ ist einfacher, als du denkst"),
        "punchy": ("Du machst „{K}“ zu kompliziert", "Weniger Lärm, mehr Ergebnis: {K}"),
        "story": ("Der Tag, an dem „{K}“ Sinn ergab", "Bei „{K}“ lag ich lange falsch"),
        "promo": ("Mach „{K}“ zu deinem Vorteil", "{K}: bereit für bessere Ergebnisse?"),
    },
    openers={
        "educational": (
            "Guter Rat zu „{K}“ ist [verstreut|schwer zu finden]. Hier steht, was sich bewährt hat, in einfachen Worten.",
            "Du brauchst kein besonderes Talent, nur ein paar Gewohnheiten, die eine volle Woche überstehen.",
        ),
        "punchy": (
            "Keine Theorie. Nur die Handgriffe, mit denen „{K}“ [funktioniert|leichter wird], auch wenn die Zeit knapp ist.",
            "Die meisten Ratschläge sind Dekoration. Behalte diese Punkte und fang heute mit einem an.",
        ),
        "story": (
            "Monatelang fühlte sich „{K}“ an wie eine verschlossene Tür. Dann öffnete [eine kleine Änderung|ein ehrliches Gespräch] sie.",
            "Es begann mit einem misslungenen Versuch und einer kalten Tasse Kaffee. Das sind meine Notizen.",
        ),
        "promo": (
            "Stell dir „{K}“ ohne den üblichen Stress vor. Diese Punkte bringen dich [schneller|näher] hin.",
            "Bessere Ergebnisse sind näher, als sie scheinen. Nimm den Plan und mach ihn dir zu eigen.",
        ),
    },
    calls={
        "educational": (
            ("Speichere das für später", "Wähle einen Punkt aus, probiere ihn bis Freitag aus und notiere, was sich verändert."),
            ("Probier genau eine Idee aus", "Welcher Punkt ist deiner? Schreib ihn in die Kommentare und berichte nächste Woche."),
        ),
        "punchy": (
            ("Jetzt mach eine Sache", "Ein Punkt. Eine Woche. Speichere das und fang heute an."),
            ("Genug gelesen, fang an", "Leg das Handy weg und gib der Sache zehn ehrliche Minuten."),
        ),
        "story": (
            ("Wie lautet deine Geschichte?", "Jeder Mensch hat ein eigenes Kapitel dazu. Erzähl deines in den Kommentaren."),
            ("Gib das jemandem weiter", "Bestimmt kennst du einen Menschen, der gerade feststeckt. Schick ihm das mit einem guten Wort."),
        ),
        "promo": (
            ("Bereit? Ein Schritt genügt", "Folge uns, speichere diesen Beitrag und schreib uns, wenn du Unterstützung willst."),
            ("Wir helfen dir gern weiter", "Kommentiere mit dem Wort Plan, und wir schicken dir die passende Checkliste."),
        ),
    },
    leads={
        "educational": (
            "Wer sich mit „{S}“ beschäftigt, findet schnell mehr Ratschläge, als in eine Woche passen.",
            "Zwischen dem Wissen über „{S}“ und einem ruhigen Alltag damit liegt eine Lücke, über die selten jemand spricht.",
        ),
        "punchy": (
            "Sagen wir es geradeheraus: Die meisten machen „{S}“ viel zu kompliziert.",
            "Du brauchst keine weitere Theorie über „{S}“, sondern weniger bewegliche Teile.",
        ),
        "story": (
            "Mein erster ernsthafter Versuch mit „{S}“ endete spätabends, mit einer langen Liste und ohne Kraft.",
            "Eine Freundin beschrieb „{S}“ einmal als ein Haus mit zu vielen Türen, von denen die meisten nur angelehnt sind.",
        ),
        "promo": (
            "Stell dir eine gewöhnliche Woche vor, in der bei „{S}“ einfach alles läuft.",
            "Kaum etwas zahlt sich so verlässlich aus wie ein guter Umgang mit „{S}“.",
        ),
    },
    context=(
        "Die gute Nachricht: Das Entscheidende passt auf eine einzige Seite.",
        "Niemand sieht die Entwürfe der Menschen, mit denen er sich vergleicht.",
        "Umstände und Budgets sind verschieden, deshalb ist alles Folgende ein Ausgangspunkt und kein Gesetz.",
        "Die Beispiele sind mit Absicht klein, weil nur Kleines [wiederholt|wirklich erledigt] wird.",
        "Es geht nicht um Perfektion, sondern um eine Arbeitsweise, die du auch müde durchhältst.",
        "Alles lässt sich mit den Mitteln ausprobieren, die du heute schon hast.",
        "Wer nur zehn Minuten hat, liest den ersten Abschnitt und hebt den Rest für das Wochenende auf.",
    ),
    bridges=(
        "Das klingt bescheiden, und Bescheidenes [hält|überlebt].",
        "An einem gewöhnlichen Tag kostet es weniger Zeit als eine Kaffeepause.",
        "Probier es zwei Wochen lang aus, bevor du urteilst.",
        "Die Wirkung ist in der ersten Woche kaum zu sehen und in der sechsten nicht mehr zu übersehen.",
        "Auch eine Gruppe kann so arbeiten, wenn eine Person dafür verantwortlich ist.",
        "Wenn es nicht gelingt, halbiere den Umfang und versuch es noch einmal, ohne dir Vorwürfe zu machen.",
        "Deine eigene Fassung wird anders aussehen, und das soll sie auch.",
        "Halte fest, was geschehen ist, denn das Gedächtnis ist ein großzügiger Redakteur.",
        "Von außen wirkt das kompliziert; aus der Nähe ist es eine Kette einfacher Entscheidungen.",
        "Die meisten Einwände verschwinden, sobald ein erstes Ergebnis auf dem Tisch liegt.",
        "Niemand muss es genehmigen, damit du anfangen kannst.",
        "Ein Entwurf von der KI darf helfen, die Entscheidung aber bleibt bei dir.",
    ),
    closers=(
        "Wähle einen dieser Punkte für die kommende Woche und lass die anderen warten.",
        "Sieh dir die Liste in einem Monat noch einmal an und streich, was du nicht mehr brauchst.",
        "Alles wirst du nicht umsetzen, und das musst du auch nicht.",
        "Was wie Talent aussieht, ist aus der Nähe oft eine Gewohnheit, die nie aufgegeben wurde.",
        "Lass „{K}“ eine Übung sein und kein Projekt, dann trägt es dich weiter.",
        "Fang klein an, fang bald an und verteidige den Termin im Kalender.",
    ),
    last_words={
        "educational": ("Wissen wächst dort, wo man es [benutzt|ausprobiert].",),
        "punchy": ("Weniger Pläne, mehr Praxis.",),
        "story": ("Das nächste Kapitel dieser Geschichte schreibst du.",),
        "promo": ("Mach diese Woche den ersten Schritt und erzähl uns, wie es lief.",),
    },
    recap="Wenn dir nur zwei Abschnitte im Gedächtnis bleiben, dann diese: „{first}“ und „{second}“.",
    quotes=(
        "Gut wird man bei „{K}“ nicht an einem großen Tag, sondern an vielen kleinen.",
        "Fang an, bevor du dich bereit fühlst; die Zuversicht kommt mit der Arbeit.",
        "Klarheit entsteht durch das, was man weglässt, und nicht durch das, was man sammelt.",
        "Fortschritt ist leise; wer ihn nicht aufschreibt, der überhört ihn.",
    ),
    authors=("Aus dem Arbeitstagebuch", "Randnotiz", "Redaktionsnotiz", "Werkstattweisheit"),
)  # fmt: skip
