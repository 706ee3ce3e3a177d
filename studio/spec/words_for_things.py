"""Common class nouns of what is no person: animals, toys, things, places.

Only words that hardly ever mean a person, since nobody is asked about these.
"""

ENGLISH = """
thing object item stuff animal pet beast creature monster
dog puppy pup hound terrier corgi poodle beagle bulldog chihuahua collie dachshund dalmatian doberman
greyhound husky labrador labradoodle malamute mastiff pitbull pomeranian pug retriever rottweiler
samoyed schnauzer setter spaniel spitz whippet cockapoo goldendoodle mutt doggo doggy cat kitten kitty
tabby tomcat siamese ragdoll bird parrot budgie cockatoo canary chicken hen rooster duck duckling goose
swan turkey owl eagle falcon hawk crow raven magpie pigeon dove sparrow finch robin seagull gull penguin
pelican flamingo peacock ostrich emu kiwi hummingbird toucan woodpecker stork heron crane fish goldfish
koi salmon trout tuna shark ray whale dolphin orca seal walrus otter octopus squid jellyfish crab lobster
shrimp snail slug clam starfish coral horse pony foal mare stallion donkey mule zebra giraffe elephant
rhino rhinoceros hippo hippopotamus lion lioness tiger leopard cheetah jaguar panther lynx puma cougar
bear panda koala kangaroo wallaby wombat platypus wolf fox coyote hyena raccoon skunk badger weasel ferret
mink beaver squirrel chipmunk hamster gerbil guinea-pig mouse mice rat hedgehog porcupine mole bat rabbit
bunny hare cow bull calf ox oxen bison buffalo yak pig piglet boar sheep lamb ram goat deer fawn elk moose
reindeer antelope gazelle camel llama alpaca monkey ape gorilla chimpanzee orangutan baboon lemur sloth
armadillo anteater lizard gecko iguana chameleon snake python cobra turtle tortoise crocodile alligator
frog toad newt salamander axolotl insect bug beetle ladybug ladybird butterfly butterflies moth bee wasp
ant fly dragonfly spider scorpion worm caterpillar grasshopper cricket mosquito dinosaur dragon unicorn
dragonfly phoenix griffin yeti
toy plush plushie plushy teddy teddybear figurine puppet doll dollhouse lego playmobil puzzle jigsaw yoyo
kite ball balloon block blocks brick robot drone spaceship rocket ufo snowman scarecrow statue statuette
sculpture gnome cartoon mascot emoji sticker logo
car automobile sedan suv van minivan truck lorry pickup bus tram train locomotive subway metro
bike bicycle motorbike motorcycle scooter moped skateboard rollerblade tractor excavator bulldozer
forklift ambulance taxi cab jeep convertible limousine boat ship yacht sailboat canoe kayak ferry
submarine plane airplane aeroplane aircraft jet helicopter glider carriage wagon cart trailer caravan
camper wheel tire tyre engine
house home building cottage cabin castle palace tower church cathedral temple mosque bridge shed
garage skyscraper lighthouse windmill tent hut igloo school hospital station shop store door window roof
wall fence gate stairs street road city town village garden park forest mountain hill lake river sea
beach island desert field sky cloud rainbow sun moon star planet snow fire water
tree plant flower rose tulip sunflower orchid lily daisy cactus succulent bonsai bush grass leaf leaves
mushroom fruit apple pear banana orange lemon lime peach cherry cherries strawberry strawberries berry
grape melon watermelon pineapple mango coconut vegetable carrot potato tomato onion pepper cucumber
pumpkin corn bread cake cupcake cookie pie pizza burger sandwich sushi noodle soup salad cheese egg
chocolate candy icecream coffee tea beer wine juice
backpack rucksack bag handbag purse wallet suitcase luggage briefcase box crate basket bucket barrel
bottle can jar cup mug glass teapot kettle pot pan bowl plate dish spoon fork knife knives vase candle
lamp lantern torch bulb clock watch wristwatch alarm mirror picture painting poster frame chair stool
bench sofa couch armchair table desk bed mattress pillow cushion blanket carpet rug curtain shelf
shelves bookcase cupboard wardrobe drawer bathtub sink toilet shower oven stove fridge refrigerator
freezer microwave toaster blender dishwasher washer vacuum iron fan heater radiator
phone smartphone telephone laptop computer tablet keyboard monitor screen printer camera lens
headphones earphones loudspeaker radio television tv remote console controller joystick battery charger
cable book notebook magazine newspaper pen pencil crayon brush scissors ruler stapler eraser envelope
letter card key lock hammer screwdriver wrench saw drill axe shovel rake ladder rope chain nail screw
shoe sneaker boot sandal slipper heel heels sock hat cap beanie helmet scarf glove mitten shirt tshirt
sweater hoodie jacket coat dress skirt trousers jeans shorts suit tie belt glasses sunglasses eyeglasses
umbrella ring necklace bracelet earring jewel jewelry jewellery crown tiara mask wig costume
guitar piano violin cello drum trumpet saxophone flute harp accordion harmonica ukulele banjo trombone
clarinet football basketball baseball racket racquet golfball bat surfboard snowboard ski skis sled
sword shield gun pistol rifle bow arrow cannon trophy medal coin flag
cream lotion dryer shampoo skull skeleton
square triangle circle cube sphere pyramid heart disc disk donut doughnut hoop cone cylinder shape symbol
"""

OTHER = """
hund hunde katze katzen kater vogel fisch pferd hase kaninchen maus bar ente frosch schwein kuh schaf
ziege tier haustier spielzeug puppe teddybar kuscheltier plusch auto fahrrad motorrad zug schiff
schneemann lebkuchenmann flugzeug haus baum blume rucksack tasche tasse flasche schuh hut stuhl tisch lampe uhr ball
chien chienne chiot chat chatte chaton oiseau poisson cheval lapin souris ours canard grenouille vache
mouton chevre cochon jouet poupee peluche voiture velo moto camion bateau avion maison arbre fleur sac
tasse bouteille chaussure chapeau chaise lampe horloge ballon
perro perra cachorro gato gata pajaro pez caballo conejo raton oso pato rana vaca oveja cabra cerdo
juguete muneca peluche coche bicicleta barco avion casa arbol flor mochila bolso taza botella zapato
sombrero silla lampara reloj pelota
cane cagnolino gatto gattino uccello pesce cavallo coniglio topo orso anatra rana mucca pecora capra
maiale giocattolo bambola macchina bici nave aereo albero fiore zaino borsa tazza bottiglia scarpa
cappello sedia lampada orologio palla
cao cachorro gato passaro peixe cavalo coelho rato urso sapo ovelha porco brinquedo boneca carro
bicicleta navio aviao arvore mochila bolsa xicara garrafa sapato chapeu cadeira relogio bola
hond puppy kat poes vis paard konijn muis beer eend kikker koe schaap geit varken speelgoed pop knuffel
fiets trein schip vliegtuig boom bloem rugzak beker fles schoen hoed stoel klok
pies kot kotek ptak ryba kon krolik mysz niedzwiedz kaczka zaba krowa owca koza swinia zabawka lalka
samochod rower pociag statek samolot dom drzewo kwiat plecak torba kubek butelka but kapelusz krzeslo
zegar pilka
собака щенок кот кошка котенок птица рыба лошадь кролик мышь медведь утка лягушка корова овца коза свинья
игрушка кукла машина велосипед поезд корабль самолет дом дерево цветок рюкзак сумка чашка бутылка ботинок
шляпа стул лампа часы мяч робот
"""

UNSPACED = """
机器人 機器人 雪人 稻草人 木偶 人偶 人形 娃娃 狗 犬 猫 貓 鸟 鳥 鱼 魚 马 馬 兔 熊 鸭 玩具 汽车 汽車 车 車 自行车 自転車 船
飞机 飛行機 花 树 木 杯 椅 帽 鞋 包 いぬ ねこ うさぎ おもちゃ ぬいぐるみ ロボット くるま 개 강아지 고양이 새 토끼 곰 오리
장난감 인형 자동차 자전거 로봇 가방 신발 모자 컵
"""

PHRASES = """
german shepherd|australian shepherd|shepherd dog|toy soldier|nutcracker|action figure|teddy bear
|gingerbread man|lego figure|lego man|jack o lantern|rubber duck|stuffed animal|guinea pig|soft toy
|model train|model car|model plane|model ship|rc car|garden gnome|bobblehead|matryoshka
"""

ORDINARY = """
a at big bigger blue bricks clouds crimson down falling fast front gently getting going golden green
growing huge in large lawn left little meadow moving night not of on over pink purple quickly red
resting right rising rosy sand scarlet shrinking sliding slowly small smaller standing stars still the
tiny under up violet white yellow
"""
"""Other words of prompts, which can stand for no subject."""
