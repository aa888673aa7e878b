/** The faces and signs people use with customer service. */
export const EMOJI: readonly string[] = (
  '😀 😄 😁 😂 😊 😉 😍 😘 🙂 🤔 😅 😓 😭 😢 😮 😴 😡 😤 😳 😷 🤒 😇 🤗 🙄 ' +
  '👍 👎 👌 🙏 👏 💪 🤝 👋 ❤️ 💔 🎉 🎁 🌹 ☕ 🌞 🌧️ 📱 💻 📶 📞 🏠 🔧 💰 ✅'
).split(' ');
