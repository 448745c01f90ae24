"""Letters of any script that Unicode's table of confusable characters (UTS #39) takes for a Latin one.

Made by `scripts/look-alikes`; do not edit. Unicode data files: copyright Unicode, Inc., Unicode License v3.
"""

from __future__ import annotations

from typing import Final

# From what they look like to the letters themselves.
UNICODE: Final = {
    "1": "ǀᛁⲓⵏꓲ𐊊𐌉𖼨",
    "2": "ƨƻϩᒿꙅꝛ",
    "3": "ȝɜʒзҙӡⳍꝫ𑣊𖼻",
    "4": "Ꮞ𑣏",
    "5": "𑣛",
    "6": "бᏮⳓ𑣕",
    "7": "𐓺𑣆",
    "8": "ȣ𐌚",
    "9": "ⳋꝯ𑣌𑣖",
    "a": "ɑαаᎪᗅꓮ𐊠𖽀",
    "b": "ƀƃƅɓβвьѣҍᏏᏴᑲᑳᖯᗷꓐꞵ𐊂𐊡𐌁",
    "c": "ȼсҫᏟᴄⲥꓚ𐊢𐌂𐐽𐔜",
    "d": "ðđƌɖɗԁᎠᏧᑯᗞᗪꓒꓓ",
    "e": "ɇεеҽҿᎬⴹꓰꬲ𐊆𑣎",
    "f": "ƒϝքᖴᵮẝꓝꞙꬵ𐊇𐊥𐔥𑣂",
    "g": "ƍǥɠɡԍցᏀᏳᶃꓖ",
    "h": "ħɦнћңһӈӊհᎻᏂᏲᕼⱨⲏꓧꚕ𐋏",
    "i": "ıɨɩɪιіӏᎥᵻᵼꙇ𑣃",
    "j": "ɉʝϳјᎫᒍꓙ",
    "k": "ƙκкқҟᏦᛕⱪⲕꓗꝁ𐔘",
    "l": "łƚɫɭᏞᒪᣳⳑꓡ𐑃𐔦𑣒𖼖",
    "m": "μϻмӎᎷᗰᛖⲙꓟꭑ𐊰𐌑",
    "n": "ƞɲɳηոռᵰⲛꓠ𐔓",
    "o": "øǿɵθοσоѳөօଠഠဝჿዐᎤᎾᏫᴏᴑⲟⴱⵁⵔꓳꝋꬽꬾ𐊒𐊫𐐬𐓪𐔖𑣈𑣗",
    "p": "ƥρрᏢᑭᣖᵽⲣꓑ𐊕",
    "q": "ʠԛգզⵕ",
    "r": "ɍɼɽʀгғᎡᎱᏒᖇᣴᴦᵲⲅꓣꭇꭈ𐓜𖼵",
    "s": "ƽʂѕտᏕᏚᣛᣵᵴꓢꜱ𐊖𐑈𑣁𖼺",
    "t": "ŧƫƭʈτтҭᎢᎿᵵⱦⲧꓔ𐊗𐊱𐌕𖼊",
    "u": "ʉʋυսሀᏌᑌᴜᵾꓴꞟꭎꭒ𐓶𑣘𖽂",
    "v": "νѵᏙᐯᴠⴸꓦꛟ𐔝𑜆𑣀𖼈",
    "w": "ɯѡѽԝաᎳᏔᴡꓪꝡ𑓅𑜊𑜎𑜏",
    "x": "χхҳᕁᕽᚷⲭⵝꓫꭓ𐊐𐊴𐌗𐔧",
    "y": "ƴɏɣʏγуүұყᎩᎽᶌỿⲩꓬꭚ𐊲𑣜𖽃",
    "z": "ƶȥʐζᏃᙆᴢᵶꓜ𑣄𑣉",
}
