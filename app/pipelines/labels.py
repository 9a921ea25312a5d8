"""The few words that Pressroom itself writes into files of texts, in the language of their texts."""

from __future__ import annotations

from dataclasses import dataclass

from app.pipelines.languages import scripts_of


@dataclass(frozen=True, slots=True)
class Labels:
    """Headings and remarks in one language."""

    sources: str
    """Heading above the pages that a report rests on."""
    left_open: str
    """Heading above what a report does not answer."""
    not_read: str
    """Heading above the articles that are not in a digest."""
    unsourced: str
    """Behind a statement that no page says."""
    no_pages: str
    """Of a whole report that names no page."""
    not_looked_up: str
    """Of a short answer, always."""
    may_be_old: str
    """Of a short answer that is not sure of itself."""
    failed: str
    """Where nobody knows why a part is missing."""
    of_hundred: str
    """How much a topic is talked about, with {score}."""
    check_facts: str
    """In the place of a post's sources, of which there are none."""
    approved: str
    """Of a post that was checked."""
    approved_with: str
    """The same, before its remarks."""
    subject: str
    """Before one of two subjects of an e-mail."""
    contacts: str
    """How many it goes to, with {count}."""


_TABLE = {
    "en": Labels(
        "Sources", "Left open", "Not read", "unsourced",
        "unsourced: the research named no pages; check before you rely on it.",
        "unsourced: answered without looking anything up.",
        "It may be out of date or incomplete: check before you rely on it.",
        "it failed",
        "{score} of 100", "none: check the facts before you publish it",
        "Check: approved", "Check: approved, with remarks",
        "Subject", "{count} contacts",
    ),
    "ar": Labels(
        "المصادر", "بقي دون إجابة", "لم تُقرأ", "بلا مصدر",
        "بلا مصادر: لم يذكر البحث أي صفحات؛ تحقّق قبل الاعتماد عليه.",
        "بلا مصادر: كُتبت الإجابة دون الرجوع إلى أي مرجع.",
        "قد تكون قديمة أو ناقصة: تحقّق قبل الاعتماد عليها.",
        "تعذّر ذلك",
        "{score} من 100", "لا مصادر: تحقّق من المعلومات قبل النشر",
        "المراجعة: مقبول", "المراجعة: مقبول، مع ملاحظات",
        "الموضوع", "جهات الاتصال: {count}",
    ),
    "de": Labels(
        "Quellen", "Offen geblieben", "Nicht gelesen", "ohne Quelle",
        "Ohne Quellen: Die Recherche hat keine Seiten genannt; bitte vor der Verwendung prüfen.",
        "Ohne Quellen: Beantwortet, ohne etwas nachzuschlagen.",
        "Das kann veraltet oder unvollständig sein: bitte vor der Verwendung prüfen.",
        "fehlgeschlagen",
        "{score} von 100", "keine: bitte die Fakten vor der Veröffentlichung prüfen",
        "Prüfung: freigegeben", "Prüfung: freigegeben, mit Anmerkungen",
        "Betreff", "{count} Kontakte",
    ),
    "es": Labels(
        "Fuentes", "Sin responder", "No leídos", "sin fuente",
        "Sin fuentes: la investigación no citó ninguna página; conviene comprobarlo antes de usarlo.",
        "Sin fuentes: respondido sin consultar nada.",
        "Puede estar desactualizado o incompleto: conviene comprobarlo antes de usarlo.",
        "falló",
        "{score} de 100", "ninguna: conviene comprobar los datos antes de publicarlo",
        "Revisión: aprobado", "Revisión: aprobado, con observaciones",
        "Asunto", "{count} contactos",
    ),
    "fa": Labels(
        "منابع", "بی‌پاسخ‌مانده", "خوانده‌نشده", "بدون منبع",
        "بدون منبع: پژوهش هیچ صفحه‌ای را نام نبرد؛ پیش از تکیه بر آن بررسی کنید.",
        "بدون منبع: پاسخ بدون جست‌وجو نوشته شده است.",
        "ممکن است قدیمی یا ناقص باشد: پیش از تکیه بر آن بررسی کنید.",
        "ناموفق بود",
        "{score} از 100", "هیچ: پیش از انتشار، درستی اطلاعات را بررسی کنید",
        "بازبینی: تأیید شد", "بازبینی: تأیید شد، با این نکته‌ها",
        "موضوع", "{count} مخاطب",
    ),
    "fr": Labels(
        "Sources", "Questions ouvertes", "Non lus", "sans source",
        "Sans source : la recherche n’a cité aucune page ; à vérifier avant usage.",
        "Sans source : réponse donnée sans rien consulter.",
        "Elle peut être dépassée ou incomplète : à vérifier avant usage.",
        "échec",
        "{score} sur 100", "aucune : vérifiez les faits avant de publier",
        "Relecture : approuvé", "Relecture : approuvé, avec des remarques",
        "Objet", "{count} contacts",
    ),
    "he": Labels(
        "מקורות", "נותר פתוח", "לא נקראו", "ללא מקור",
        "ללא מקורות: המחקר לא ציין דפים; יש לבדוק לפני שמסתמכים על כך.",
        "ללא מקורות: התשובה נכתבה בלי לחפש מידע.",
        "ייתכן שהיא אינה עדכנית או אינה מלאה: יש לבדוק לפני שמסתמכים עליה.",
        "נכשל",
        "{score} מתוך 100", "אין: יש לבדוק את העובדות לפני הפרסום",
        "בדיקה: אושר", "בדיקה: אושר, עם הערות",
        "נושא", "{count} אנשי קשר",
    ),
    "hi": Labels(
        "स्रोत", "जो अनुत्तरित रहा", "नहीं पढ़े गए", "स्रोत नहीं",
        "स्रोत नहीं: खोज में किसी पृष्ठ का नाम नहीं मिला; भरोसा करने से पहले जाँच लें।",
        "स्रोत नहीं: उत्तर बिना कुछ खोजे दिया गया।",
        "यह पुराना या अधूरा हो सकता है: भरोसा करने से पहले जाँच लें।",
        "विफल रहा",
        "100 में से {score}", "कोई नहीं: प्रकाशित करने से पहले तथ्य जाँच लें",
        "जाँच: स्वीकृत", "जाँच: स्वीकृत, टिप्पणियों के साथ",
        "विषय", "{count} संपर्क",
    ),
    "ja": Labels(
        "出典", "未解決の点", "読めなかった記事", "出典なし",
        "出典なし：調査でページが示されませんでした。利用する前に確認してください。",
        "出典なし：検索せずに回答しました。",
        "古い、または不完全な可能性があります。利用する前に確認してください。",
        "失敗しました",
        "100点中{score}点", "なし：公開する前に事実を確認してください",
        "確認：承認済み", "確認：承認済み、指摘あり",
        "件名", "連絡先{count}件",
    ),
    "ko": Labels(
        "출처", "미해결 사항", "읽지 못한 기사", "출처 없음",
        "출처 없음: 조사에서 페이지를 제시하지 않았습니다. 사용하기 전에 확인하세요.",
        "출처 없음: 검색하지 않고 답했습니다.",
        "오래되었거나 불완전할 수 있습니다. 사용하기 전에 확인하세요.",
        "실패함",
        "100점 만점에 {score}점", "없음: 게시하기 전에 사실을 확인하세요",
        "검토: 승인됨", "검토: 승인됨, 의견 있음",
        "제목", "연락처 {count}개",
    ),
    "ru": Labels(
        "Источники", "Осталось без ответа", "Не прочитано", "без источника",
        "Без источников: поиск не назвал ни одной страницы; проверьте, прежде чем на это полагаться.",
        "Без источников: ответ дан без поиска.",
        "Он может быть устаревшим или неполным: проверьте, прежде чем на него полагаться.",
        "не удалось",
        "{score} из 100", "нет: проверьте факты перед публикацией",
        "Проверка: одобрено", "Проверка: одобрено, с замечаниями",
        "Тема", "контактов: {count}",
    ),
    "ur": Labels(
        "ذرائع", "جو جواب طلب رہا", "نہیں پڑھے گئے", "بلا حوالہ",
        "بلا حوالہ: تحقیق نے کسی صفحے کا نام نہیں دیا؛ بھروسا کرنے سے پہلے جانچ لیں۔",
        "بلا حوالہ: جواب کچھ تلاش کیے بغیر دیا گیا۔",
        "یہ پرانا یا نامکمل ہو سکتا ہے: بھروسا کرنے سے پہلے جانچ لیں۔",
        "ناکام رہا",
        "100 میں سے {score}", "کوئی نہیں: شائع کرنے سے پہلے حقائق جانچ لیں",
        "جانچ: منظور", "جانچ: منظور، ان نکات کے ساتھ",
        "موضوع", "{count} رابطے",
    ),
    "zh": Labels(
        "来源", "尚无答案", "未能读取", "无来源",
        "无来源：调研没有给出任何网页；使用前请核实。",
        "无来源：回答时没有查阅资料。",
        "内容可能过时或不完整：使用前请核实。",
        "失败",
        "100 分中的 {score} 分", "无：发布前请核实内容",
        "审核：通过", "审核：通过，附意见",
        "主题", "{count}位联系人",
    ),
    "zh-Hant": Labels(
        "來源", "尚無答案", "未能讀取", "無來源",
        "無來源：調研沒有給出任何網頁；使用前請查證。",
        "無來源：回答時沒有查閱資料。",
        "內容可能過時或不完整：使用前請查證。",
        "失敗",
        "100 分中的 {score} 分", "無：發布前請查證內容",
        "審核：通過", "審核：通過，附意見",
        "主旨", "{count}位聯絡人",
    ),
}  # fmt: skip
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})  # subtags of Chinese that is written in traditional characters


def labels(language: str) -> Labels:
    """Return the labels in the language of a BCP 47 tag; in English where they are not known in it and its letters."""
    first, *subtags = language.split("-")
    if first == "zh" and "hans" not in language.lower() and _TRADITIONAL & {tag.lower() for tag in subtags}:
        return _TABLE["zh-Hant"]
    is_usual = scripts_of(language) == scripts_of(first)  # ur-Latn is not written as ur is
    return _TABLE[first] if first in _TABLE and is_usual else _TABLE["en"]
