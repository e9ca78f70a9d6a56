// The German names of the picker's emoji, by code.
export const names = {
    grin: 'Grinsen', joy: 'Freudentränen', smile: 'Lächeln', wink: 'Zwinkern', blush: 'Erröten', heart_eyes: 'Herzaugen',
    kiss: 'Kuss', cool: 'cool', thinking: 'Nachdenken', sleepy: 'müde', sob: 'Heulen', cry: 'Weinen', angry: 'wütend',
    scream: 'Schrei', party: 'Feiern', mind_blown: 'sprachlos', eye_roll: 'Augenrollen', angel: 'Engel', hug: 'Umarmung',
    shrug: 'Schulterzucken', thumbs_up: 'Daumen hoch', thumbs_down: 'Daumen runter', clap: 'Applaus', hooray: 'Hurra',
    thanks: 'Danke', wave: 'Winken', strong: 'stark', eyes: 'Augen', handshake: 'Handschlag', peace: 'Frieden', heart: 'Herz',
    broken_heart: 'gebrochenes Herz', blue_heart: 'blaues Herz', green_heart: 'grünes Herz', yellow_heart: 'gelbes Herz',
    sparkles: 'Funkeln', fire: 'Feuer', star: 'Stern', hundred: 'hundert', idea: 'Idee', check: 'Haken', cross: 'Kreuz',
    warning: 'Warnung', question: 'Frage', tada: 'Konfetti', balloon: 'Ballon', gift: 'Geschenk', cake: 'Torte', coffee: 'Kaffee',
    tea: 'Tee', beer: 'Bier', pizza: 'Pizza', apple: 'Apfel', globe: 'Weltkugel', sun: 'Sonne', rain: 'Regen', snow: 'Schnee',
    rainbow: 'Regenbogen', seedling: 'Keimling', cat: 'Katze', dog: 'Hund', rocket: 'Rakete', bug: 'Käfer', music: 'Musik',
};
