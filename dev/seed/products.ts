/** What the demo store sells: 100 products in 6 categories. */

export interface Product {
  productId: string;
  productName: string;
  category: string;
  /** Whole units of the currency. */
  price: number;
  /** How often it is bought, compared with the others. */
  popularity: number;
}

/** Category: [prefix of its product ids, "name|price" in order of popularity]. */
const shelves: Record<string, [prefix: string, products: string[]]> = {
  Computers: [
    'COM',
    [
      'Aero 14 Laptop|1299',
      'Aero 16 Laptop|1799',
      'Studio 16 Laptop|2499',
      'Campus 13 Laptop|749',
      'Tower Workstation|3199',
      'Mini Desktop|699',
      '27" 4K Monitor|549',
      '34" Ultrawide Monitor|899',
      '24" Office Monitor|199',
      'Mechanical Keyboard|149',
      'Ergonomic Keyboard|119',
      'Wireless Mouse|59',
      'Vertical Mouse|79',
      'USB-C Dock|249',
      '2 TB Portable SSD|189',
      'Home NAS, 4 Bays|529',
      'Laser Printer|329',
      'HD Webcam|99',
    ],
  ],
  Phones: [
    'PHO',
    [
      'Nova 12 Phone|899',
      'Nova 12 Pro Phone|1199',
      'Nova Lite Phone|449',
      'Pixelate 9 Phone|799',
      'Fold Duo Phone|1699',
      'Rugged X Phone|599',
      'Tab 11 Tablet|649',
      'Tab 13 Pro Tablet|1099',
      'Kids Tablet|229',
      'Pulse Smartwatch|349',
      'Pulse Sport Watch|279',
      'Fitness Band|89',
      'Wireless Charger|59',
      '20,000 mAh Power Bank|69',
      'Tablet Pencil|119',
      'Leather Phone Case|49',
      'E-Reader|179',
    ],
  ],
  Audio: [
    'AUD',
    [
      'Quiet 700 Headphones|379',
      'Quiet Buds|229',
      'Sport Buds|149',
      'Studio Headphones|299',
      'Soundbar 5.1|799',
      'Soundbar Mini|349',
      'Bookshelf Speakers, Pair|649',
      'Floor Speakers, Pair|1899',
      'Portable Speaker|129',
      'Party Speaker|399',
      'Turntable|549',
      'Stereo Amplifier|999',
      'USB Microphone|159',
      'Podcast Mixer|599',
      'Hi-Res Player|449',
      'Kitchen Radio|119',
    ],
  ],
  'TV & Photo': [
    'TVP',
    [
      '55" OLED TV|1599',
      '65" OLED TV|2299',
      '77" OLED TV|3499',
      '43" LED TV|449',
      '50" QLED TV|749',
      'Streaming Box|129',
      'Home Projector|1399',
      'Laser Projector|2899',
      'Mirrorless Camera|1999',
      'Mirrorless Camera Kit|2699',
      '35 mm Prime Lens|699',
      '24-70 mm Zoom Lens|1899',
      'Action Camera|429',
      'Camera Drone|1149',
      'Travel Tripod|249',
      'Instant Camera|139',
      'TV Wall Mount|99',
    ],
  ],
  Home: [
    'HOM',
    [
      'Robot Vacuum|699',
      'Cordless Vacuum|549',
      'Espresso Machine|899',
      'Bean-to-Cup Machine|1499',
      'Stand Mixer|479',
      'Air Fryer|179',
      'Washing Machine|849',
      'Heat Pump Dryer|1099',
      'Dishwasher|799',
      'Fridge-Freezer|1399',
      'Induction Range|1799',
      'Air Purifier|329',
      'Smart Thermostat|229',
      'Video Doorbell|199',
      'Smart Lock|279',
      'Blender|149',
      'Electric Kettle|89',
    ],
  ],
  Furniture: [
    'FUR',
    [
      'Mesh Office Chair|449',
      'Executive Chair|749',
      'Standing Desk|699',
      'Corner Desk|549',
      'Three-Seat Sofa|1899',
      'Corner Sofa|2799',
      'Armchair|799',
      'Oak Dining Table|1299',
      'Dining Chairs, Set of 4|649',
      'Queen Bed Frame|999',
      'King Mattress|1399',
      'Bookcase|349',
      'TV Bench|399',
      'Wardrobe|1149',
      'Floor Lamp|179',
    ],
  ],
};

export const products: readonly Product[] = Object.entries(shelves).flatMap(([category, [prefix, items]]) =>
  items.map((item, index) => {
    const [productName = '', price = ''] = item.split('|');
    const productId = `${prefix}-${String(index + 1).padStart(3, '0')}`;
    return { productId, productName, category, price: Number(price), popularity: 1 / (index + 3) };
  }),
);
