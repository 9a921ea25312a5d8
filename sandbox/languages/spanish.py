"""Spanish."""

from __future__ import annotations

from sandbox.languages.language import Language
from sandbox.writer_frames import Angle
from sandbox.writer_ideas import FIRST_STEPS, Idea
from sandbox.writer_ideas_craft import CRAFT
from sandbox.writer_ideas_long import LONG_RUN

_IDEAS = (
    Idea(
        do=("Define la meta con claridad", "Di cuándo estará terminado"), trap=("Empezar sin una meta clara",), ask=("¿Cómo sabrás que has llegado?",),
        themes=FIRST_STEPS[0].themes,
        why=("Sin una meta, cualquier proyecto se [come|traga] todo el tiempo que le des.", "Las metas vagas hacen que todo resultado parezca [casi suficiente|un avance]."),
        how=("Escribe en una frase qué debe [mejorar|cambiar] en seis semanas.", "Elige un solo número y revísalo [cada viernes|todas las semanas]."),
        prose=(
            "La razón más común por la que la gente se atasca con «{K}» es una meta que nadie llegó a decir en voz alta.",
            "Mientras no se sabe qué significa tener éxito, cada pequeño paso parece igual de importante y nada se termina del todo.",
            "Una meta útil cabe en una frase, y [otra persona|un desconocido] puede comprobar si se ha cumplido.",
            "En lugar de escribir que quieres mejorar, describe el cambio que notarías un martes cualquiera.",
            "Ponle una fecha, porque una meta sin fecha es solo un [deseo|estado de ánimo].",
        ),
    ),
    Idea(
        do=("Mide dónde estás hoy", "Anota tu punto de partida"), trap=("Adivinar el punto de partida",), ask=("¿Dónde estás de verdad?",),
        themes=FIRST_STEPS[1].themes,
        why=("La memoria nos halaga, y sin un punto de partida es [difícil|casi imposible] juzgar el avance.", "Quien no anota el comienzo no tiene luego [nada que comparar|con qué comparar]."),
        how=("Dedica veinte minutos a [anotar|reunir] tres datos de la última semana.", "Observa siete días normales antes de cambiar [nada|una sola costumbre]."),
        prose=(
            "Antes de cambiar algo, conviene saber cómo está hoy de verdad todo lo que rodea a «{K}».",
            "No hace falta un panel de control; una página de cuaderno con tres cifras honestas [basta|es suficiente].",
            "Apunta cuánto tiempo lleva, cuánto cuesta y con qué frecuencia sale mal.",
            "Hazlo durante una semana corriente, no durante la mejor que recuerdes.",
            "Las cifras suelen ser menos dramáticas de lo que se espera, y muestran qué problema merece resolverse primero.",
        ),
    ),
    Idea(
        do=("Empieza por la versión mínima", "Reduce mucho el primer paso"), trap=("Planear el lanzamiento perfecto",), ask=("¿Cuál sería el comienzo mínimo?",),
        themes=FIRST_STEPS[2].themes,
        why=("Los grandes planes dan [seguridad|tranquilidad] porque aplazan el momento de la verdad.", "El primer paso suele ser tan grande que [nadie lo da|nunca llega]."),
        how=("Recórtalo hasta que quepa en [una hora|una mañana], y haz exactamente eso.", "Haz una versión que te dé [un poco|algo] de vergüenza y enséñasela a alguien."),
        prose=(
            "La ambición sirve para elegir una dirección, pero es mala consejera a la hora de dar el primer paso.",
            "La versión más pequeña y honesta de «{K}» es la que podrías terminar hoy con lo que ya tienes a mano.",
            "Te parecerá demasiado sencilla, y [justo|precisamente] por eso funciona.",
            "Un comienzo diminuto convierte las suposiciones en observaciones, y las observaciones se pueden mejorar.",
            "Guarda el gran plan en un cajón durante [dos semanas|un mes] y mira después cuánto sigues necesitando.",
        ),
    ),
    Idea(
        do=("Pregunta a las personas afectadas", "Escucha antes de decidir"), trap=("Decidir a puerta cerrada",), ask=("¿A quién has preguntado ya?",),
        themes=FIRST_STEPS[3].themes,
        why=("Muchas suposiciones sobreviven solo porque nadie las [cuestiona|pone a prueba] en voz alta.", "Lo que tú crees importante rara vez es lo que otros [mencionan|pondrían] primero."),
        how=("Habla esta semana con [tres|cuatro|cinco] personas y anota sus palabras exactas.", "Pregunta por la última vez y [guarda silencio|cuenta hasta cinco] antes de responder."),
        prose=(
            "Cinco conversaciones breves te enseñarán más sobre «{K}» que otra semana de lecturas.",
            "Elige a quienes viven con el resultado, y no solo a quienes resulta fácil encontrar.",
            "Pregunta por lo que ocurrió la última vez, porque los hechos se recuerdan mejor que las opiniones.",
            "Apunta las respuestas palabra por palabra; las frases que te [sorprenden|molestan] son las más valiosas.",
            "Lo que dos personas dicen sin haberse oído es mejor guía que la voz más alta de la sala.",
        ),
    ),
    Idea(
        do=("Dale una hora fija", "Ponlo en el calendario"), trap=("Esperar a tener tiempo libre",), ask=("¿Cuándo lo harás exactamente?",),
        themes=FIRST_STEPS[4].themes,
        why=("Lo que no tiene hueco en la semana pierde contra todo lo que [suena|grita].", "El tiempo libre es una promesa que el calendario nunca [firmó|cumplió]."),
        how=("Reserva [treinta|cuarenta] minutos, siempre el mismo día y en el mismo sitio.", "Únelo a algo que ya ocurre, como [el café del lunes|la primera hora del viernes]."),
        prose=(
            "Las intenciones viven en la cabeza; el trabajo vive en el calendario.",
            "Mientras «{K}» no tenga una hora fija, ganará siempre cualquier mensaje o recado que llegue.",
            "Elige un momento que puedas respetar incluso en una mala semana, aunque solo sean veinticinco minutos.",
            "También ayuda el mismo lugar, porque una silla conocida hace la mitad del trabajo de recordar.",
            "Avisa a quienes te rodean: una hora que todos conocen rara vez se pierde.",
            "Lo modesto y regular vence casi siempre a lo heroico y [ocasional|escaso].",
        ),
    ),
    Idea(
        do=("Haz menos cosas a propósito", "Elimina una cosa por completo"), trap=("Querer hacerlo todo a la vez",), ask=("¿Qué vas a dejar de hacer?",),
        themes=CRAFT[0].themes,
        why=("Cada tarea añadida le [quita|roba] atención a la que de verdad importa.", "La atención se reparte hasta volverse delgada, mucho antes de que [se note|alguien lo note]."),
        how=("Escribe todo lo que haces y pausa el último tercio durante [dos semanas|un mes].", "Por cada idea nueva, deja que [descanse|se vaya] una vieja."),
        prose=(
            "Es tentador responder a cada problema con algo más: otra herramienta, otra norma, otra reunión.",
            "Con «{K}», el experimento más barato suele consistir en quitar.",
            "Haz una lista de todo lo que haces ahora y marca lo que alguien echaría de menos en una semana.",
            "El resto entra en pausa, y una pausa asusta menos que una despedida.",
            "Lo que queda recibe más cuidado, mejores horas e instrucciones más claras.",
        ),
    ),
    Idea(
        do=("Cambia una sola cosa", "Conviértelo en un experimento"), trap=("Cambiar cinco cosas a la vez",), ask=("¿Cómo podrías ponerlo a prueba?",),
        themes=CRAFT[2].themes,
        why=("Quien cambia [cuatro|cinco] cosas a la vez nunca sabe cuál ayudó.", "Los debates duran meses; una prueba pequeña dura [diez días|una semana]."),
        how=("Cambia una cosa, deja el resto como está y compara a los [diez días|quince días].", "Anota de antemano qué resultado te haría [parar|cambiar de idea]."),
        prose=(
            "Un experimento no es más que un cambio con un signo de interrogación y una fecha de cierre.",
            "Busca en «{K}» un punto que sospeches que podría mejorar, y no toques nada más.",
            "Antes de empezar, escribe qué esperas y qué resultado te quitaría la razón.",
            "Esa frase te protege de explicar después cualquier cosa a tu favor.",
            "Incluso una prueba fallida sale barata, porque cierra una puerta ante la que habrías pasado meses.",
        ),
    ),
    Idea(
        do=("Escribe los pasos", "Haz una lista de comprobación"), trap=("Guardar el proceso en la memoria",), ask=("¿Podría repetirlo otra persona?",),
        themes=CRAFT[3].themes,
        why=("Un proceso que vive en una sola cabeza se va [de vacaciones|a casa] con ella.", "Bajo presión, hasta los expertos olvidan un paso que [saben de memoria|conocen bien]."),
        how=("Anota los [cinco|seis|siete] pasos en una página y síguelos al pie de la letra.", "Dale tus notas a un principiante y [completa|corrige] cada línea en la que se detenga."),
        prose=(
            "Los pilotos usan listas porque son buenos, no porque sean olvidadizos.",
            "Para «{K}» suele bastar una página de seis o siete líneas que salve un mal día.",
            "Escríbela mientras trabajas, porque la memoria tiende a omitir las partes incómodas.",
            "Después dásela a alguien que nunca lo haya hecho y observa en silencio.",
            "Cada lugar donde esa persona se detiene es una línea que todavía falta.",
        ),
    ),
    Idea(
        do=("Prepara la mala semana", "Fija tu mínimo de antemano"), trap=("Planear solo para días buenos",), ask=("¿Qué harás en semanas malas?",),
        themes=CRAFT[5].themes,
        why=("Los planes rara vez fallan en los días buenos, sino [en la peor semana|cuando todos están cansados].", "Una semana perdida no es nada, salvo que te [convenza|persuada] de abandonar."),
        how=("Fija un mínimo de [cinco|diez] minutos que cuente aunque todo salga mal.", "Escribe hoy qué dejarás primero y qué [mantendrás siempre|no dejarás nunca]."),
        prose=(
            "Todo plan se encuentra algún día con una semana de niños enfermos, entregas urgentes y poco sueño.",
            "Los buenos planes cuentan con ella y dicen de antemano cuánto es suficiente.",
            "Haz que el mínimo sea casi ridículo: cinco minutos, una página o una sola llamada.",
            "No se trata de rendir, sino de que «{K}» no vuelva a empezar de cero el siguiente día bueno.",
            "Quienes perseveran no son más estrictos que los demás; simplemente [definieron|bajaron] el mínimo a tiempo.",
        ),
    ),
    Idea(
        do=("Haz balance cada semana", "Mira atrás diez minutos"), trap=("No mirar nunca atrás",), ask=("¿Qué te enseñó la semana?",),
        themes=LONG_RUN[0].themes,
        why=("Sin mirar atrás se repite la misma semana [cuarenta|cincuenta] veces y se llama experiencia.", "Las lecciones se evaporan antes del lunes si nadie las [escribe|recoge]."),
        how=("Cada viernes responde tres preguntas: qué ayudó, qué frenó y qué cambia ahora.", "Tómate diez minutos y termina con [un solo cambio|un único cambio] para la semana siguiente."),
        prose=(
            "Un repaso semanal es el maestro más barato que encontrarás para «{K}».",
            "Siéntate diez minutos y responde qué salió bien, qué no y qué vas a probar ahora.",
            "El truco está en levantarse con un solo cambio y no con siete.",
            "Guarda las páginas juntas, porque los patrones solo aparecen cuando se leen varias seguidas.",
            "Descubrirás que el mismo obstáculo vuelve una y otra vez con ropa distinta.",
        ),
    ),
    Idea(
        do=("Busca a alguien que te acompañe", "Prométeselo a alguien"), trap=("Hacerlo todo en solitario",), ask=("¿Quién notará si lo dejas?",),
        themes=LONG_RUN[1].themes,
        why=("Las promesas que uno se hace a sí mismo se renegocian [en silencio|a escondidas].", "A solas, un día difícil parece la [prueba|señal] de que conviene abandonar."),
        how=("Elige a una persona y mándale cada semana [dos líneas|una frase sincera].", "Comparte tu meta con un colega y pídele que te pregunte por ella cada [domingo|viernes]."),
        prose=(
            "Muy poca gente llega lejos con «{K}» en completa soledad.",
            "La otra persona no tiene que ser experta; basta con que se acuerde de preguntar.",
            "Acuerda un día fijo, una pregunta fija y una respuesta de tres líneas, para que la costumbre no cueste casi nada.",
            "Saber que alguien va a preguntar cambia lo que uno hace la noche anterior.",
            "Además, otra persona ve avances que uno mismo [pasa por alto|no se reconoce].",
        ),
    ),
    Idea(
        do=("Invierte en el cuello de botella", "Gasta donde más cuenta"), trap=("Comprar herramientas antes que hábitos",), ask=("¿Dónde está el verdadero freno?",),
        themes=LONG_RUN[2].themes,
        why=("El equipo nuevo parece progreso hasta que [acumula polvo|nadie lo usa].", "El dinero se va a lo vistoso, mientras el verdadero freno sigue [intacto|igual]."),
        how=("Encuentra el paso más lento y gasta [solo|primero] ahí durante un trimestre.", "Pide prestado antes de comprar, y compra solo lo que te faltó [dos|varias] veces."),
        prose=(
            "Gastar no es el problema; el problema es gastar en la parte más cómoda.",
            "Todo proceso tiene un paso que frena a los demás, y mejorar cualquier otra cosa cambia poco.",
            "Para encontrarlo en «{K}», pregunta dónde se acumula el trabajo y a quién se le pide siempre que se dé prisa.",
            "Justo ahí es donde una hora, un pequeño presupuesto o una herramienta mejor rinden más.",
            "En todo lo demás puedes pedir prestado, alquilar o improvisar hasta haber notado la falta [dos veces|de verdad].",
        ),
    ),
)  # fmt: skip

_ANGLES = (
    Angle(
        "trap", "Error {n}: ",
        ("Las trampas de «{S}»", "Lo que suele fallar: {S}", "Errores pequeños, efectos grandes"),
        (
            "Casi todas las dificultades nacen de un puñado de errores corrientes, y cada uno tiene un remedio sencillo.",
            "Ninguno de estos errores es señal de pereza; ocurren cuando nadie te [avisa|prepara].",
        ),
        ("{K}: los errores más comunes y cómo salir de ellos", "Qué falla con «{K}» y cómo hacerlo mejor"),
    ),
    Angle(
        "do", "Consejo {n}: ",
        ("{S}: lo que de verdad ayuda", "Un camino claro: {S}", "Reglas sencillas que funcionan"),
        (
            "Cada punto es sencillo a propósito, porque solo lo sencillo sobrevive a una semana llena.",
            "Puedes empezar por cualquiera [mañana|esta semana], en el orden que prefieras, y quedarte con lo que ayude.",
        ),
        ("{K}: reglas sencillas que funcionan", "Lo que de verdad ayuda con «{K}»"),
    ),
    Angle(
        "ask", "",
        ("Preguntas honestas sobre «{S}»", "{S}: un examen honesto", "Diez minutos para preguntas honestas"),
        (
            "Las buenas preguntas rinden más que los consejos, porque las respuestas encajan en tu propio [caso|contexto].",
            "Toma un bolígrafo y responde con frases completas; las dudas son la parte interesante.",
        ),
        ("Preguntas honestas sobre «{K}»", "{K}: un breve examen de conciencia"),
    ),
)  # fmt: skip

SPANISH = Language(
    ideas=_IDEAS,
    angles=_ANGLES,
    hooks={
        "educational": ("{K}: lo que funciona en la práctica", "«{K}» es más fácil de lo que parece"),
        "punchy": ("Estás complicando «{K}»", "Menos ruido y más resultados: {K}"),
        "story": ("El día en que entendí «{K}»", "Me equivoqué con «{K}» durante años"),
        "promo": ("Convierte «{K}» en tu ventaja", "{K}: ¿listo para mejores resultados?"),
    },
    openers={
        "educational": (
            "Los buenos consejos sobre «{K}» están [dispersos|escondidos]. Aquí tienes lo que funciona, en palabras sencillas.",
            "No hace falta un talento especial, sino unas pocas costumbres que resistan una semana llena.",
        ),
        "punchy": (
            "Nada de teoría. Solo los pasos que hacen que «{K}» [funcione|pese menos] cuando falta tiempo.",
            "La mayoría de los consejos son decoración. Quédate con estos y empieza hoy por uno.",
        ),
        "story": (
            "Durante meses, «{K}» fue como una puerta cerrada. Entonces [un pequeño cambio|una conversación sincera] la abrió.",
            "Todo empezó con un intento fallido y un café frío. Estas son mis notas.",
        ),
        "promo": (
            "Imagina «{K}» sin el estrés de siempre. Estas ideas te llevarán allí [antes|con calma].",
            "Los buenos resultados están más cerca de lo que parece. Toma el plan y hazlo tuyo.",
        ),
    },
    calls={
        "educational": (
            ("Guarda esto para después", "Elige un punto, pruébalo antes del viernes y apunta qué ha cambiado."),
            ("Prueba una sola idea", "¿Cuál será la tuya? Escríbela en los comentarios y cuéntanos la semana que viene."),
        ),
        "punchy": (
            ("Ahora haz una cosa", "Un punto. Una semana. Guarda esto y empieza hoy."),
            ("Basta de leer, empieza", "Deja el móvil y dedícale diez minutos honestos."),
        ),
        "story": (
            ("¿Cuál es tu historia?", "Cada persona tiene su propio capítulo. Cuenta el tuyo en los comentarios."),
            ("Pásaselo a alguien", "Seguro que conoces a alguien que está atascado. Envíale esto con unas palabras amables."),
        ),
        "promo": (
            ("¿Listo? Basta un paso", "Síguenos, guarda esta publicación y escríbenos cuando quieras ayuda."),
            ("Te ayudamos con gusto", "Comenta con la palabra plan y te enviaremos la lista completa."),
        ),
    },
    leads={
        "educational": (
            "Quien se interesa por «{S}» encuentra pronto más consejos de los que caben en una semana.",
            "Entre saber mucho sobre «{S}» y vivirlo con calma hay una distancia de la que casi nadie habla.",
        ),
        "punchy": (
            "Digámoslo sin rodeos: la mayoría complica demasiado «{S}».",
            "No necesitas otra teoría sobre «{S}», sino menos piezas móviles.",
        ),
        "story": (
            "Mi primer intento serio con «{S}» terminó de madrugada, con una lista larga y sin fuerzas.",
            "Una amiga describió una vez «{S}» como una casa con demasiadas puertas, casi todas entreabiertas.",
        ),
        "promo": (
            "Imagina una semana cualquiera en la que todo lo relacionado con «{S}» simplemente funciona.",
            "Pocas cosas compensan tanto como tomarse en serio «{S}».",
        ),
    },
    context=(
        "La buena noticia es que lo decisivo cabe en una sola página.",
        "Nadie ve los borradores de las personas con las que se compara.",
        "Las circunstancias y los presupuestos cambian, así que todo lo que sigue es un punto de partida y no una ley.",
        "Los ejemplos son pequeños a propósito, porque solo lo pequeño se [repite|termina].",
        "No se trata de la perfección, sino de una manera de trabajar que puedas mantener incluso con cansancio.",
        "Todo se puede probar con los medios que ya tienes hoy.",
        "Quien solo tenga diez minutos puede leer la primera parte y guardar el resto para el fin de semana.",
    ),
    bridges=(
        "Suena modesto, y lo modesto [dura|resiste].",
        "En un día corriente cuesta menos tiempo que una pausa para el café.",
        "Pruébalo durante dos semanas antes de juzgarlo.",
        "El efecto apenas se ve la primera semana y es imposible no verlo en la sexta.",
        "También un grupo puede trabajar así, siempre que una persona se haga responsable.",
        "Si no sale, redúcelo a la mitad y vuelve a intentarlo sin reprocharte nada.",
        "Tu propia versión será distinta, y así debe ser.",
        "Apunta lo que ocurrió, porque la memoria es una editora generosa.",
        "Desde fuera parece complicado; de cerca es una cadena de decisiones sencillas.",
        "Casi todas las objeciones desaparecen cuando hay un primer resultado sobre la mesa.",
        "Nadie tiene que dar permiso para que empieces.",
        "Un borrador hecho con IA puede ayudar, pero la decisión sigue siendo tuya.",
    ),
    closers=(
        "Elige uno de estos puntos para la próxima semana y deja que los demás esperen.",
        "Vuelve a la lista dentro de un mes y tacha lo que ya no necesites.",
        "No lo pondrás todo en práctica, ni hace falta.",
        "Lo que parece talento suele ser, visto de cerca, una costumbre que nadie abandonó.",
        "Deja que «{K}» sea una práctica y no un proyecto, y te sostendrá.",
        "Empieza en pequeño, empieza pronto y defiende la cita en el calendario.",
    ),
    last_words={
        "educational": ("El conocimiento crece donde se [usa|pone a prueba].",),
        "punchy": ("Menos planes y más práctica.",),
        "story": ("El próximo capítulo de esta historia lo escribes tú.",),
        "promo": ("Da el primer paso esta semana y cuéntanos cómo te fue.",),
    },
    recap="Si solo recuerdas dos apartados, que sean estos: «{first}» y «{second}».",
    quotes=(
        "En «{K}» no se mejora en un gran día, sino en muchos pequeños.",
        "Empieza antes de sentirte preparado; la confianza llega con el trabajo.",
        "La claridad nace de lo que se deja fuera, no de lo que se acumula.",
        "El progreso es silencioso; quien no lo apunta deja de oírlo.",
    ),
    authors=("Del cuaderno de trabajo", "Nota al margen", "Nota de redacción", "Dicho de taller"),
)  # fmt: skip
