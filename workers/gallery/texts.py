"""What the gallery's slides say: one small deck, told in each language as its writers would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Text: TypeAlias = tuple[str, str]
"""Title and body."""


@dataclass(frozen=True, slots=True)
class Deck:
    """One text for each layout that asks for a text of its own kind, by its name."""

    language: str
    """BCP 47 tag."""
    cover: Text
    paragraph: Text
    number: Text
    list: Text
    statement: Text
    quote: Text
    cta: Text
    article: Text

    def text(self, layout: str) -> Text:
        """Return the text for a layout; a paragraph for any that has none of its own."""
        text: Text = getattr(self, layout, self.paragraph)
        return text


DECKS: dict[str, Deck] = {
    "en": Deck(
        "en",
        ("Your best hour is the first one", "Five small habits that give you back a calm morning."),
        (
            "Leave the phone in the kitchen",
            "Charge it where you cannot reach it from bed. The first twenty minutes then belong to you, not to other people's messages.",
        ),
        (
            "23 minutes",
            "That is how long it takes to get back to a task after one interruption. Two pings before nine cost most of an hour.",
        ),
        (
            "Before you open the inbox",
            "- Drink a glass of water\n- Write down one thing that matters today\n- Give it twenty-five minutes",
        ),
        ("Rest is part of the work.", ""),
        ("How we spend our days is, of course, how we spend our lives.", "Annie Dillard"),
        ("Save this for Monday", "Which habit will you try first? Tell us below."),
        ("Why the first hour decides the rest of your day", ""),
    ),
    "de": Deck(
        "de",
        ("Die beste Stunde ist die erste", "Fünf kleine Gewohnheiten, die Ihren Morgen ruhiger machen."),
        (
            "Lassen Sie das Handy in der Küche",
            "Laden Sie es dort, wo Sie es vom Bett aus nicht erreichen. Dann gehören die ersten zwanzig Minuten Ihnen.",
        ),
        (
            "23 Minuten",
            "So lange dauert es, nach einer Unterbrechung wieder bei der Sache zu sein. Zwei Benachrichtigungen vor neun Uhr kosten fast eine Stunde.",
        ),
        (
            "Bevor Sie das Postfach öffnen",
            "- Ein Glas Wasser trinken\n- Eine Sache aufschreiben, die heute zählt\n- Ihr fünfundzwanzig Minuten geben",
        ),
        ("Pausen gehören zur Arbeit.", ""),
        ("Wie wir unsere Tage verbringen, so verbringen wir unser Leben.", "Annie Dillard"),
        ("Für Montag merken", "Welche Gewohnheit probieren Sie zuerst? Schreiben Sie es uns."),
        ("Warum die erste Stunde über den Rest des Tages entscheidet", ""),
    ),
    "ur": Deck(
        "ur",
        ("آپ کا بہترین گھنٹہ پہلا گھنٹہ ہے", "پانچ چھوٹی عادتیں جو آپ کی صبح کو پُرسکون بنا دیں۔"),
        (
            "فون باورچی خانے میں چھوڑ دیں",
            "اسے بستر سے دور چارج کریں۔ پھر دن کے پہلے بیس منٹ آپ کے اپنے ہوں گے۔",
        ),
        (
            "23 منٹ",
            "توجہ ایک بار ٹوٹ جائے تو کام کی طرف لوٹنے میں اتنا وقت لگتا ہے۔ نو بجے سے پہلے WhatsApp کے دو پیغام تقریباً پورا گھنٹہ لے جاتے ہیں۔",
        ),
        ("اِن باکس کھولنے سے پہلے", "- ایک گلاس پانی پئیں\n- آج کا ایک اہم کام لکھ لیں\n- پچیس منٹ صرف وہی کام کریں"),
        ("آرام بھی کام کا حصہ ہے۔", ""),
        ("ہم اپنے دن جیسے گزارتے ہیں، دراصل اپنی زندگی ویسے ہی گزارتے ہیں۔", "اینی ڈِلارڈ"),
        ("اسے پیر کے لیے محفوظ کر لیں", "آپ پہلے کون سی عادت آزمائیں گے؟ نیچے بتائیں۔"),
        ("دن کا پہلا گھنٹہ باقی دن کا فیصلہ کیوں کرتا ہے", ""),
    ),
    "ar": Deck(
        "ar",
        ("أفضل ساعاتك هي الأولى", "خمس عادات صغيرة تعيد إلى صباحك هدوءه."),
        (
            "اترك هاتفك في المطبخ",
            "اشحنه حيث لا تصل إليه يدك من السرير، فتصبح أول عشرين دقيقة من يومك لك أنت، لا لرسائل الآخرين.",
        ),
        (
            "23 دقيقة",
            "هذا ما تحتاجه لتعود إلى عملك بعد مقاطعة واحدة. إشعاران من Slack قبل التاسعة يكلّفانك ساعة كاملة تقريبًا.",
        ),
        ("قبل أن تفتح بريدك", "- اشرب كوبًا من الماء\n- اكتب مهمة واحدة تستحق يومك\n- أعطها خمسًا وعشرين دقيقة"),
        ("الراحة جزء من العمل.", ""),
        ("كيف نقضي أيامنا هو، بالطبع، كيف نقضي حياتنا.", "آني ديلارد"),
        ("احفظها لصباح الأحد", "أي عادة ستجرّب أولًا؟ أخبرنا في التعليقات."),
        ("لماذا تحسم الساعة الأولى بقية يومك", ""),
    ),
    "hi": Deck(
        "hi",
        ("दिन का सबसे अच्छा घंटा पहला होता है", "पाँच छोटी आदतें जो आपकी सुबह को शांत बना दें।"),
        (
            "फ़ोन रसोई में छोड़ दीजिए",
            "उसे वहाँ चार्ज कीजिए जहाँ बिस्तर से हाथ न पहुँचे। तब दिन के पहले बीस मिनट दूसरों के संदेशों के नहीं, आपके अपने होंगे।",
        ),
        (
            "23 मिनट",
            "एक बार ध्यान टूटने के बाद काम पर लौटने में इतना समय लगता है। नौ बजे से पहले दो WhatsApp संदेश, और लगभग एक घंटा गया।",
        ),
        ("इनबॉक्स खोलने से पहले", "- एक गिलास पानी पिएँ\n- आज का एक ज़रूरी काम लिखें\n- पच्चीस मिनट सिर्फ़ वही करें"),
        ("आराम भी काम का हिस्सा है।", ""),
        ("हम अपने दिन जैसे बिताते हैं, असल में अपना जीवन वैसे ही बिताते हैं।", "एनी डिलार्ड"),
        ("इसे सोमवार के लिए सहेज लें", "आप पहले कौन-सी आदत आज़माएँगे? नीचे बताइए।"),
        ("दिन का पहला घंटा बाक़ी दिन क्यों तय करता है", ""),
    ),
    "zh": Deck(
        "zh-Hans",
        ("一天里最好的一小时，是第一个小时", "五个小习惯，把从容还给你的早晨。"),
        ("把手机留在厨房", "放在床上伸手够不到的地方充电。醒来的头二十分钟属于你自己，而不属于别人的消息。"),
        ("23 分钟", "被打断一次之后，重新进入状态平均要这么久。九点之前响两次，一个小时几乎就没了。"),
        ("打开邮箱之前", "- 喝一杯水\n- 写下今天最重要的一件事\n- 只做这件事，做满二十五分钟"),
        ("休息，也是工作的一部分。", ""),
        ("我们如何度过每一天，就如何度过这一生。", "安妮·迪拉德"),
        ("收藏起来，周一用", "你会先试哪一个习惯？在评论里告诉我们。"),
        ("为什么清晨的第一个小时决定了你的一整天", ""),
    ),
    "ja": Deck(
        "ja",
        ("一日でいちばん良いのは、最初の一時間", "静かな朝を取り戻す、五つの小さな習慣。"),
        (
            "スマホは台所に置いて眠る",
            "ベッドから手の届かない場所で充電しましょう。目覚めてからの二十分は、誰かの通知ではなく、あなた自身のものになります。",
        ),
        ("23分", "一度途切れた集中が元に戻るまでの時間です。九時前に通知が二回鳴れば、ほぼ一時間が消えていきます。"),
        ("受信箱を開く前に", "- コップ一杯の水を飲む\n- 今日いちばん大事なことを一つ書く\n- それだけに二十五分を使う"),
        ("休むことも、仕事のうち。", ""),
        ("一日一日をどう過ごすか。それはつまり、人生をどう過ごすかということだ。", "アニー・ディラード"),
        ("月曜の朝のために保存", "どの習慣から始めますか？コメントで教えてください。"),
        ("朝の最初の一時間が、その日を決める理由", ""),
    ),
    "emoji": Deck(
        "en",
        ("Mornings, but kinder ☀️", "Five tiny habits ☕ 📖 🏃‍♀️ that cost nothing ✨"),
        (
            "Leave the phone in the kitchen 📵",
            "Charge it where you cannot reach it from bed 🛏️. The first twenty minutes then belong to you 💛, not to other people's messages 💬.",
        ),
        (
            "23 minutes ⏱️",
            "That is how long it takes to get back to a task after one interruption 🔔. Two before nine cost most of an hour 😬.",
        ),
        (
            "Before you open the inbox 📥",
            "- Drink a glass of water 💧\n- Write down one thing that matters ✍🏽\n- Give it twenty-five minutes 🍅",
        ),
        ("Rest is part of the work 🌙", ""),
        ("How we spend our days is, of course, how we spend our lives 🌱", "Annie Dillard 🇺🇸"),
        ("Save this for Monday 🔖", "Which habit will you try first? Tell us below 👇"),
        ("Why the first hour decides the rest of your day 🌅", ""),
    ),
}
