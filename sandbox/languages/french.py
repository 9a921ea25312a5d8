"""French. The narrow spaces that its punctuation wants are put in when a text is said; here they are plain ones."""

from __future__ import annotations

import re

from sandbox.languages.language import Language
from sandbox.writer_frames import Angle
from sandbox.writer_ideas import FIRST_STEPS, Idea
from sandbox.writer_ideas_craft import CRAFT
from sandbox.writer_ideas_long import LONG_RUN

NARROW, WIDE = "\u202f", "\u00a0"  # no-break spaces: before `?`, `!`, `;` and inside quotation marks; before a colon


def typeset(text: str) -> str:
    """Return the text with no-break spaces where its punctuation wants them."""
    return re.sub(" (?=[?!;»])|(?<=«) ", NARROW, text).replace(" :", WIDE + ":")


_IDEAS = (
    Idea(
        do=("Fixez un objectif clair", "Dites quand ce sera fini"), trap=("Démarrer sans but précis",), ask=("À quoi reconnaîtrez-vous l’arrivée ?",),
        themes=FIRST_STEPS[0].themes,
        why=("Sans objectif, n’importe quel projet [avale|dévore] tout le temps disponible.", "Un but vague donne à chaque résultat un air de [réussite|progrès]."),
        how=("Écrivez en une phrase ce qui doit [changer|s’améliorer] d’ici six semaines.", "Choisissez un seul chiffre et vérifiez-le [chaque vendredi|chaque semaine]."),
        prose=(
            "La raison la plus fréquente pour laquelle on s’enlise dans « {K} » est un objectif que personne n’a formulé.",
            "Tant qu’on ignore ce que réussir veut dire, chaque petit pas semble aussi important que les autres, et rien ne se termine.",
            "Un objectif utile tient en une phrase, et [un tiers|une collègue] peut vérifier s’il est atteint.",
            "N’écrivez pas que vous voulez progresser ; décrivez le changement que vous remarqueriez un mardi ordinaire.",
            "Ajoutez une date, car un objectif sans date reste [un souhait|une simple envie].",
        ),
    ),
    Idea(
        do=("Mesurez votre point de départ", "Notez où vous en êtes"), trap=("Deviner son point de départ",), ask=("Où en êtes-vous vraiment ?",),
        themes=FIRST_STEPS[1].themes,
        why=("La mémoire nous flatte, et sans point de départ il est [difficile|presque impossible] de juger.", "Qui ne note pas le début n’aura plus tard [rien à comparer|aucun repère]."),
        how=("Prenez vingt minutes pour [noter|réunir] trois faits de la semaine passée.", "Observez sept jours ordinaires avant de changer [quoi que ce soit|une seule habitude]."),
        prose=(
            "Avant de changer quoi que ce soit, cherchez à savoir où vous en êtes aujourd’hui avec « {K} ».",
            "Nul besoin d’un tableau de bord ; une page de carnet avec trois chiffres honnêtes [suffit|fait l’affaire].",
            "Notez combien de temps cela prend, combien cela coûte et combien de fois cela échoue.",
            "Faites-le pendant une semaine ordinaire, et non pendant la meilleure de l’année.",
            "Les chiffres sont souvent moins dramatiques que prévu, et ils montrent quel problème mérite d’être réglé en premier.",
        ),
    ),
    Idea(
        do=("Commencez par une version minuscule", "Réduisez le premier pas"), trap=("Préparer un lancement parfait",), ask=("Quel serait le plus petit début ?",),
        themes=FIRST_STEPS[2].themes,
        why=("Les grands plans rassurent parce qu’ils [repoussent|retardent] le moment de vérité.", "Le premier pas est souvent si grand que [personne ne le fait|rien ne commence]."),
        how=("Réduisez-le jusqu’à ce qu’il tienne en [une heure|une matinée], puis faites exactement cela.", "Créez une version qui vous gêne [un peu|légèrement], et montrez-la quand même."),
        prose=(
            "L’ambition aide à choisir une direction, mais elle conseille mal au moment du premier pas.",
            "La plus petite version honnête de « {K} » est celle que vous pourriez achever aujourd’hui avec ce que vous avez déjà.",
            "Elle vous semblera trop simple, et c’est [justement|précisément] pour cela qu’elle fonctionne.",
            "Un début minuscule transforme les suppositions en observations, et une observation peut être améliorée.",
            "Rangez le grand plan dans un tiroir pendant [deux semaines|un mois], puis regardez ce qu’il en reste d’utile.",
        ),
    ),
    Idea(
        do=("Interrogez les personnes concernées", "Écoutez avant de décider"), trap=("Décider seul dans son bureau",), ask=("Qui avez-vous déjà interrogé ?",),
        themes=FIRST_STEPS[3].themes,
        why=("Bien des certitudes survivent parce que personne ne les [vérifie|questionne] à voix haute.", "Ce qui vous paraît important est rarement ce que les autres [citent|placent] en premier."),
        how=("Parlez cette semaine à [trois|quatre|cinq] personnes et notez leurs mots exacts.", "Demandez comment cela s’est passé la dernière fois, puis [taisez-vous|comptez jusqu’à cinq]."),
        prose=(
            "Cinq conversations brèves vous en apprendront plus sur « {K} » qu’une nouvelle semaine de lecture.",
            "Choisissez des personnes qui vivent avec le résultat, et pas seulement celles qui sont faciles à joindre.",
            "Demandez ce qui s’est passé la dernière fois, car on se rappelle mieux les faits que les opinions.",
            "Notez les réponses mot à mot ; les phrases qui vous [surprennent|agacent] sont les plus précieuses.",
            "Ce que deux personnes disent sans s’être concertées vaut mieux que la voix la plus forte de la salle.",
        ),
    ),
    Idea(
        do=("Donnez-lui une heure fixe", "Inscrivez-le dans l’agenda"), trap=("Attendre une heure de libre",), ask=("Quand le ferez-vous exactement ?",),
        themes=FIRST_STEPS[4].themes,
        why=("Ce qui n’a pas de place dans la semaine perd contre tout ce qui [sonne|crie].", "Le temps libre est une promesse que l’agenda n’a jamais [signée|tenue]."),
        how=("Réservez [trente|quarante] minutes, toujours le même jour et au même endroit.", "Accrochez-le à un rendez-vous existant, comme [le café du lundi|la première heure du vendredi]."),
        prose=(
            "Les intentions vivent dans la tête ; le travail vit dans l’agenda.",
            "Tant que « {K} » n’a pas d’heure fixe, le moindre message et la moindre course l’emportent.",
            "Choisissez un créneau que vous tiendrez même pendant une mauvaise semaine, ne serait-ce que vingt-cinq minutes.",
            "Le même lieu aide aussi, car une chaise familière fait la moitié du travail de mémoire.",
            "Prévenez votre entourage ; une heure que tout le monde connaît est rarement volée.",
            "Le modeste et régulier l’emporte presque toujours sur [l’héroïque et rare|le grandiose et rare].",
        ),
    ),
    Idea(
        do=("Faites moins, mais exprès", "Supprimez une chose entièrement"), trap=("Tout vouloir en même temps",), ask=("Que cesserez-vous de faire ?",),
        themes=CRAFT[0].themes,
        why=("Chaque tâche ajoutée [vole|prend] de l’attention à celle qui compte vraiment.", "L’attention s’éparpille bien avant que [cela se voie|quelqu’un s’en aperçoive]."),
        how=("Notez tout ce que vous faites, puis suspendez le dernier tiers pendant [deux semaines|un mois].", "Pour chaque idée nouvelle, laissez-en une ancienne [partir|se reposer]."),
        prose=(
            "Il est tentant de répondre à chaque problème par un ajout : un outil de plus, une règle de plus, une réunion de plus.",
            "Avec « {K} », l’expérience la moins chère consiste presque toujours à retirer quelque chose.",
            "Dressez la liste de tout ce que vous faites, et marquez ce qui manquerait à quelqu’un au bout d’une semaine.",
            "Le reste est mis en pause, et une pause effraie moins qu’un adieu.",
            "Ce qui demeure reçoit plus de soin, de meilleures heures et des consignes plus claires.",
        ),
    ),
    Idea(
        do=("Changez une seule chose", "Faites-en une expérience"), trap=("Changer cinq choses ensemble",), ask=("Comment pourriez-vous le vérifier ?",),
        themes=CRAFT[2].themes,
        why=("Qui change [quatre|cinq] choses à la fois ne saura jamais laquelle a aidé.", "Les débats durent des mois ; un petit test dure [dix jours|une semaine]."),
        how=("Changez une chose, laissez le reste en place et comparez après [dix jours|deux semaines].", "Notez d’avance quel résultat vous ferait [arrêter|changer d’avis]."),
        prose=(
            "Une expérience n’est rien d’autre qu’un changement accompagné d’un point d’interrogation et d’une date de fin.",
            "Repérez dans « {K} » un point qui pourrait être meilleur, et ne touchez à rien d’autre.",
            "Avant de commencer, écrivez ce que vous attendez et quel résultat vous donnerait tort.",
            "Cette phrase vous empêche d’interpréter ensuite n’importe quoi en votre faveur.",
            "Même un test raté coûte peu, car il ferme une porte devant laquelle on peut rester des mois.",
        ),
    ),
    Idea(
        do=("Écrivez les étapes", "Faites-en une liste"), trap=("Garder la méthode en tête",), ask=("Quelqu’un d’autre pourrait-il le refaire ?",),
        themes=CRAFT[3].themes,
        why=("Une méthode qui n’existe que dans une tête [part en vacances|disparaît] avec elle.", "Sous pression, même les experts oublient une étape qu’ils connaissent [par cœur|très bien]."),
        how=("Notez les [cinq|six|sept] étapes sur une page et suivez-les à la lettre.", "Confiez vos notes à un débutant et [complétez|corrigez] chaque ligne où il hésite."),
        prose=(
            "Les pilotes utilisent des listes parce qu’ils sont bons, et non parce qu’ils sont distraits.",
            "Pour « {K} », une page de six ou sept lignes suffit en général à sauver une mauvaise journée.",
            "Rédigez-la pendant le travail, car la mémoire oublie volontiers les passages pénibles.",
            "Donnez-la ensuite à quelqu’un qui ne l’a jamais fait, et observez en silence.",
            "Chaque endroit où cette personne hésite est une ligne qui manque encore.",
        ),
    ),
    Idea(
        do=("Prévoyez la mauvaise semaine", "Fixez votre minimum d’avance"), trap=("Oublier les mauvais jours",), ask=("Que faire les mauvaises semaines ?",),
        themes=CRAFT[5].themes,
        why=("Les plans échouent rarement les bons jours, mais [pendant la pire semaine|quand tout le monde est fatigué].", "Une semaine perdue n’est rien, tant qu’elle ne vous [persuade|convainc] pas d’abandonner."),
        how=("Fixez un minimum de [cinq|dix] minutes qui compte même quand tout va mal.", "Écrivez dès maintenant ce que vous lâcherez en premier et ce qui [restera toujours|ne bougera jamais]."),
        prose=(
            "Tout plan rencontre un jour une semaine avec un enfant malade, une échéance urgente et trop peu de sommeil.",
            "Les bons plans s’y attendent et disent d’avance ce qui suffira ces jours-là.",
            "Rendez ce minimum presque ridicule : cinq minutes, une page ou un seul appel.",
            "Il ne s’agit pas de performance, mais d’éviter que « {K} » reparte de zéro au prochain bon jour.",
            "Ceux qui durent ne sont pas plus sévères que les autres ; ils ont seulement fixé le plancher [plus tôt|plus bas].",
        ),
    ),
    Idea(
        do=("Faites le bilan chaque semaine", "Regardez dix minutes en arrière"), trap=("Ne jamais regarder en arrière",), ask=("Que vous a appris la semaine ?",),
        themes=LONG_RUN[0].themes,
        why=("Sans recul, on répète la même semaine [quarante|cinquante] fois et on appelle cela l’expérience.", "Les leçons s’évaporent avant lundi si personne ne les [écrit|retient]."),
        how=("Chaque vendredi, répondez à trois questions : ce qui a aidé, ce qui a freiné, ce qui change.", "Prenez dix minutes et terminez par [un seul changement|une seule décision] pour la semaine suivante."),
        prose=(
            "Un bilan hebdomadaire est le professeur le moins cher que vous trouverez pour « {K} ».",
            "Asseyez-vous dix minutes et notez ce qui a marché, ce qui n’a pas marché et ce que vous allez essayer.",
            "Tout l’art consiste à se relever avec un seul changement, et non avec sept.",
            "Gardez les pages ensemble, car les régularités n’apparaissent que lorsqu’on en lit plusieurs à la suite.",
            "Vous découvrirez que le même obstacle revient sans cesse sous d’autres habits.",
        ),
    ),
    Idea(
        do=("Trouvez un allié", "Promettez-le à quelqu’un"), trap=("Tout porter en solitaire",), ask=("Qui remarquera votre abandon ?",),
        themes=LONG_RUN[1].themes,
        why=("Les promesses faites à soi-même se renégocient [en silence|discrètement] au premier obstacle.", "Dans la solitude, une journée difficile passe vite pour une [bonne|excellente] raison d’abandonner."),
        how=("Choisissez une personne et envoyez-lui chaque semaine [deux lignes|une phrase sincère].", "Échangez vos objectifs avec un collègue et posez-vous chaque dimanche les mêmes [deux|trois] questions."),
        prose=(
            "Presque personne ne va loin avec « {K} » dans un isolement complet.",
            "L’autre n’a pas besoin d’être spécialiste ; il suffit qu’il pense à poser la question.",
            "Convenez d’un jour fixe, d’une question fixe et d’une réponse de trois lignes, pour que l’habitude ne coûte presque rien.",
            "Savoir que quelqu’un va demander change ce que l’on fait la veille au soir.",
            "De plus, une autre personne voit des progrès que l’on [néglige|minimise] soi-même.",
        ),
    ),
    Idea(
        do=("Dépensez là où ça coince", "Financez l’étape la plus lente"), trap=("Acheter l’outil avant l’habitude",), ask=("Où se trouve le vrai blocage ?",),
        themes=LONG_RUN[2].themes,
        why=("Un nouvel équipement ressemble à un progrès jusqu’à ce qu’il [prenne la poussière|dorme au placard].", "L’argent va vers ce qui se voit, tandis que le vrai blocage [demeure|reste intact]."),
        how=("Trouvez l’étape la plus lente et investissez [seulement|d’abord] là pendant un trimestre.", "Empruntez avant d’acheter, et n’achetez que ce qui vous a manqué [deux|plusieurs] fois."),
        prose=(
            "Dépenser n’est pas le problème ; le problème est de dépenser du côté confortable.",
            "Tout processus possède une étape qui retient les autres, et améliorer le reste ne change presque rien.",
            "Pour la trouver dans « {K} », demandez où le travail s’accumule et à qui l’on dit toujours de se dépêcher.",
            "C’est là qu’une heure, un petit budget ou un meilleur outil rapportera le plus.",
            "Partout ailleurs, empruntez, louez ou improvisez, jusqu’à ce que le manque se soit fait sentir [deux fois|pour de bon].",
        ),
    ),
)  # fmt: skip

_ANGLES = (
    Angle(
        "trap", "Erreur {n} : ",
        ("Les pièges de « {S} »", "Ce qui coince souvent : {S}", "{S}", "Petites erreurs, grands effets"),
        (
            "Presque toutes les difficultés naissent d’une poignée d’erreurs ordinaires, et chacune a un remède simple.",
            "Aucune de ces erreurs n’est un signe de paresse ; elles arrivent quand personne ne vous [prévient|prépare].",
        ),
        ("{K} : les erreurs courantes et comment en sortir", "Ce qui coince avec « {K} » et comment faire mieux"),
    ),
    Angle(
        "do", "Conseil {n} : ",
        ("{S} : ce qui aide vraiment", "Un chemin clair : {S}", "{S}", "Des règles simples qui marchent"),
        (
            "Chaque point est simple à dessein, car seul ce qui est simple survit à une semaine chargée.",
            "Vous pouvez commencer par n’importe lequel [demain|cette semaine], dans l’ordre que vous voulez, et garder ce qui aide.",
        ),
        ("{K} : des règles simples qui marchent", "Ce qui aide vraiment avec « {K} »"),
    ),
    Angle(
        "ask", "",
        ("Questions honnêtes sur « {S} »", "{S} : un examen honnête", "{S}", "Dix minutes pour des questions honnêtes"),
        (
            "Les bonnes questions font plus que les conseils, car les réponses conviennent à votre propre [cas|situation].",
            "Prenez un stylo et répondez par des phrases entières ; les hésitations sont la partie intéressante.",
        ),
        ("Questions honnêtes sur « {K} »", "{K} : un court examen de conscience"),
    ),
)  # fmt: skip

FRENCH = Language(
    ideas=_IDEAS,
    angles=_ANGLES,
    hooks={
        "educational": ("{K} : ce qui marche en pratique", "« {K} », plus simple qu’il n’y paraît"),
        "punchy": ("Vous compliquez « {K} »", "Moins de bruit, plus de résultats : {K}"),
        "story": ("Le jour où j’ai compris « {K} »", "« {K} » : je me trompais depuis longtemps"),
        "promo": ("Faites de « {K} » votre atout", "{K} : prêt pour de meilleurs résultats ?"),
    },
    openers={
        "educational": (
            "Les bons conseils sur « {K} » sont [dispersés|difficiles à trouver]. Voici ce qui marche, en mots simples.",
            "Pas besoin d’un talent particulier, mais de quelques habitudes qui résistent à une semaine chargée.",
        ),
        "punchy": (
            "Pas de théorie. Seulement les gestes grâce auxquels « {K} » [fonctionne|pèse moins] quand le temps manque.",
            "La plupart des conseils sont décoratifs. Gardez ceux-ci et commencez par un seul dès aujourd’hui.",
        ),
        "story": (
            "Pendant des mois, « {K} » ressemblait à une porte fermée. Puis [un petit changement|une conversation sincère] l’a ouverte.",
            "Tout a commencé par un essai raté et un café froid. Voici mes notes.",
        ),
        "promo": (
            "Imaginez « {K} » sans le stress habituel. Ces idées vous y mèneront [plus vite|en douceur].",
            "De meilleurs résultats sont plus proches qu’ils n’en ont l’air. Prenez le plan et faites-le vôtre.",
        ),
    },
    calls={
        "educational": (
            ("Gardez ceci pour plus tard", "Choisissez un point, essayez-le avant vendredi et notez ce qui change."),
            ("Essayez une seule idée", "Laquelle sera la vôtre ? Écrivez-la en commentaire et racontez-nous la semaine prochaine."),
        ),
        "punchy": (
            ("Maintenant, faites une chose", "Un point. Une semaine. Enregistrez ceci et commencez aujourd’hui."),
            ("Assez lu, commencez", "Posez le téléphone et donnez à ce projet dix minutes honnêtes."),
        ),
        "story": (
            ("Quelle est votre histoire ?", "Chacun a son propre chapitre. Racontez le vôtre en commentaire."),
            ("Transmettez ceci à quelqu’un", "Vous connaissez sûrement quelqu’un qui est bloqué. Envoyez-lui ceci avec un mot gentil."),
        ),
        "promo": (
            ("Prêt ? Un pas suffit", "Suivez-nous, enregistrez cette publication et écrivez-nous quand vous voulez de l’aide."),
            ("Nous vous aidons volontiers", "Commentez avec le mot plan et nous vous enverrons la liste complète."),
        ),
    },
    leads={
        "educational": (
            "Qui s’intéresse à « {S} » trouve vite plus de conseils qu’une semaine ne peut en contenir.",
            "Entre tout savoir sur « {S} » et le vivre sereinement, il y a un écart dont on parle peu.",
        ),
        "punchy": (
            "Disons-le sans détour : la plupart des gens compliquent beaucoup trop « {S} ».",
            "Vous n’avez pas besoin d’une théorie de plus sur « {S} », mais de moins de pièces mobiles.",
        ),
        "story": (
            "Mon premier essai sérieux avec « {S} » s’est terminé tard le soir, avec une longue liste et sans énergie.",
            "Une amie a un jour décrit « {S} » comme une maison aux portes trop nombreuses, presque toutes entrouvertes.",
        ),
        "promo": (
            "Imaginez une semaine ordinaire où tout ce qui touche à « {S} » fonctionne, tout simplement.",
            "Peu de choses rapportent aussi sûrement qu’un peu de méthode dans « {S} ».",
        ),
    },
    context=(
        "La bonne nouvelle, c’est que l’essentiel tient sur une seule page.",
        "Personne ne voit les brouillons de ceux à qui il se compare.",
        "Les situations et les budgets diffèrent ; prenez donc ce qui suit comme un point de départ et non comme une loi.",
        "Les exemples sont petits à dessein, car seul ce qui est petit se [répète|termine].",
        "Il ne s’agit pas de perfection, mais d’une façon de travailler que l’on peut tenir même fatigué.",
        "Tout peut être essayé avec les moyens dont vous disposez aujourd’hui.",
        "Qui n’a que dix minutes peut lire la première partie et garder le reste pour le week-end.",
    ),
    bridges=(
        "Cela semble modeste, et ce qui est modeste [dure|résiste].",
        "Un jour ordinaire, cela coûte moins de temps qu’une pause café.",
        "Essayez pendant deux semaines avant de juger.",
        "L’effet se voit à peine la première semaine, et il saute aux yeux la sixième.",
        "Un groupe peut aussi travailler ainsi, pourvu qu’une personne en soit responsable.",
        "Si cela échoue, réduisez de moitié et recommencez sans vous faire de reproches.",
        "Votre propre version sera différente, et c’est très bien ainsi.",
        "Notez ce qui s’est passé, car la mémoire est une éditrice généreuse.",
        "De loin, cela paraît compliqué ; de près, c’est une suite de décisions simples.",
        "La plupart des objections disparaissent dès qu’un premier résultat est sur la table.",
        "Personne n’a besoin de donner son accord pour que vous commenciez.",
        "Un brouillon fait par une IA peut aider, mais la décision reste la vôtre.",
    ),
    closers=(
        "Choisissez un seul de ces points pour la semaine prochaine et laissez les autres attendre.",
        "Revenez à la liste dans un mois et barrez ce dont vous n’avez plus besoin.",
        "Vous n’appliquerez pas tout, et ce n’est pas nécessaire.",
        "Ce qui ressemble à du talent est souvent, vu de près, une habitude jamais abandonnée.",
        "Laissez « {K} » être une pratique plutôt qu’un projet, et cela vous portera.",
        "Commencez petit, commencez bientôt et défendez le créneau dans l’agenda.",
    ),
    last_words={
        "educational": ("Le savoir grandit là où on [l’utilise|le met à l’épreuve].",),
        "punchy": ("Moins de plans, plus de pratique.",),
        "story": ("Le prochain chapitre de cette histoire, c’est vous qui l’écrivez.",),
        "promo": ("Faites le premier pas cette semaine et racontez-nous la suite.",),
    },
    recap="Si vous ne retenez que deux parties, que ce soient celles-ci : « {first} » et « {second} ».",
    quotes=(
        "Dans « {K} », on ne progresse pas en un grand jour, mais en beaucoup de petits.",
        "Commencez avant de vous sentir prêt ; la confiance vient avec le travail.",
        "La clarté vient de ce que l’on retire, et non de ce que l’on accumule.",
        "Le progrès est discret ; qui ne le note pas finit par ne plus l’entendre.",
    ),
    authors=("Carnet de travail", "Note en marge", "Note de la rédaction", "Dicton d’atelier"),
    typeset=typeset,
)  # fmt: skip
